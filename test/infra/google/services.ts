/** How the Google APIs of the deployment name, create and change their resources. */

// biome-ignore lint/suspicious/noExplicitAny: the bodies of a dozen APIs
export type Body = any;

export interface Kind {
  /** the service, as gcloud's configuration calls it, and the last but one part of a resource's name */
  service: string;
  collection: string;
  /** the id of what a request to make one is about; the API invents one if there is none */
  id?: (query: URLSearchParams, body: Body) => string;
  /** what the request holds of it, when that is a part of the body */
  of?: (body: Body) => Body;
  /** what the API adds to what it was given */
  add?: (name: string, body: Body) => Body;
  /** what answers with an operation that takes its time: making one, or changing it as well */
  slow?: 'made' | 'changed';
}

const lastOf = (name: string) => name.split('/').at(-1)!;
const byName = (_: URLSearchParams, body: Body) => lastOf(body.name);
const byQuery = (name: string) => (query: URLSearchParams) => query.get(name)!;

/** `parent` is `projects/PROJECT`. */
export const accountAt = (id: string, parent: string) =>
  `${id}@${lastOf(parent)}.iam.gserviceaccount.com`;

export const kinds: Kind[] = [
  {
    service: 'iam',
    collection: 'serviceAccounts',
    id: (_, body) => body.accountId,
    of: (body) => body.serviceAccount,
    add: (name) => ({ email: lastOf(name), uniqueId: '1' }),
  },
  { service: 'iam', collection: 'roles', id: (_, body) => body.roleId, of: (body) => body.role },
  { service: 'firestore', collection: 'databases', id: byQuery('databaseId'), slow: 'changed' },
  { service: 'firestore', collection: 'indexes', slow: 'changed' },
  { service: 'firestore', collection: 'fields', slow: 'changed' },
  { service: 'cloudtasks', collection: 'queues', id: byName, add: () => ({ state: 'RUNNING' }) },
  { service: 'pubsub', collection: 'topics', id: byName },
  { service: 'pubsub', collection: 'subscriptions', id: byName },
  { service: 'secretmanager', collection: 'secrets', id: byQuery('secretId') },
  { service: 'secretmanager', collection: 'versions', add: () => ({ state: 'ENABLED' }) },
  {
    service: 'artifactregistry',
    collection: 'repositories',
    id: byQuery('repositoryId'),
    slow: 'made',
  },
  {
    service: 'cloudfunctions',
    collection: 'functions',
    id: byQuery('functionId'),
    add: () => ({ state: 'ACTIVE', environment: 'GEN_2' }),
    slow: 'changed',
  },
  { service: 'run', collection: 'services' },
  { service: 'run', collection: 'revisions' },
  { service: 'cloudscheduler', collection: 'jobs', id: byName, add: () => ({ state: 'ENABLED' }) },
  {
    service: 'logging',
    collection: 'metrics',
    id: (_, body) => encodeURIComponent(body.name),
    add: (_, { name }) => ({ name }),
  },
  {
    service: 'bigquery',
    collection: 'datasets',
    id: (_, body) => body.datasetReference.datasetId,
  },
  { service: 'bigquery', collection: 'tables', id: (_, body) => body.tableReference.tableId },
  { service: 'storage', collection: 'b', id: byName, add: (_, { name }) => ({ name }) },
  { service: 'firebasehosting', collection: 'sites', id: byQuery('siteId') },
  { service: 'monitoring', collection: 'dashboards' },
  { service: 'monitoring', collection: 'alertPolicies' },
  { service: 'monitoring', collection: 'notificationChannels' },
];

/** Resources that every project has from the start, or that others create. */
export const given: Record<string, Body> = {
  'cloudfunctions runtimes': {
    runtimes: [{ name: 'nodejs24', environment: 'GEN_2', stage: 'GA' }],
  },
};
