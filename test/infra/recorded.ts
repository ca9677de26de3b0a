/** What gcloud.sh made, from the resources in a recorder that served the real gcloud. */

import type { Recorder } from './google/recorder.ts';
import type { Body } from './google/services.ts';
import { add, grant, type Inventory, told } from './inventory.ts';

const lastOf = (name: string) => name.split('/').at(-1)!;
const account = (it: string | undefined) =>
  it && /@gcp-sa-/.test(it) ? it : it && lastOf(it).replace(/@.*$/, '');
const member = (it: string) =>
  it.includes('@gcp-sa-') ? it : it.replace(/^serviceAccount:(.*)@.*$/, '$1');

type Reader = (it: Body, all: Inventory, name: string) => void;

/** By service and collection. null: not compared. An unknown collection is a fault. */
const readers: Record<string, Reader | null> = {
  'iam serviceAccounts': (it, all) => add(all, `account ${account(it.email)}`),
  'iam roles': (it, all, name) => add(all, `role ${name}`, it.includedPermissions),
  'firestore databases': (it, all, name) =>
    add(all, `database ${name}`, {
      location: it.locationId,
      protected: it.deleteProtectionState === 'DELETE_PROTECTION_ENABLED',
    }),
  'firestore fields'(it, all, name) {
    const [, database, collection] = /databases\/([^/]+)\/collectionGroups\/([^/]+)/.exec(it.name)!;
    const kept = (it.indexConfig?.indexes ?? []).map(({ fields: [field], queryScope }: Body) =>
      `${field.order ?? field.arrayConfig} ${queryScope}`.toLowerCase(),
    );
    add(all, `field ${database} ${collection}.${name}`, kept.sort());
    if (it.ttlConfig) add(all, `ttl ${database} ${collection}.${name}`);
  },
  'cloudtasks queues': ({ rateLimits: rate, retryConfig: retry }, all, name) =>
    add(all, `queue ${name}`, {
      rate: rate.maxDispatchesPerSecond,
      concurrent: rate.maxConcurrentDispatches,
      attempts: retry.maxAttempts,
      backoff: [retry.minBackoff, retry.maxBackoff, retry.maxDoublings],
      lasts: retry.maxRetryDuration ?? '0s',
    }),
  'pubsub topics': (it, all, name) =>
    add(all, `topic ${name}`, { keeps: it.messageRetentionDuration }),
  'pubsub subscriptions': (it, all, name) =>
    add(all, `subscription ${name}`, {
      topic: lastOf(it.topic),
      keeps: it.messageRetentionDuration,
      acknowledge: it.ackDeadlineSeconds,
      // a policy without a time has no end
      expires: it.expirationPolicy && (it.expirationPolicy.ttl ?? 'never'),
      push: it.pushConfig?.pushEndpoint,
      as: account(it.pushConfig?.oidcToken?.serviceAccountEmail),
      audience: it.pushConfig?.oidcToken?.audience,
      backoff: it.retryPolicy && [it.retryPolicy.minimumBackoff, it.retryPolicy.maximumBackoff],
      dead: it.deadLetterPolicy && [
        lastOf(it.deadLetterPolicy.deadLetterTopic),
        it.deadLetterPolicy.maxDeliveryAttempts,
      ],
      table: it.bigqueryConfig?.table.replace(':', '.'),
      metadata: it.bigqueryConfig?.writeMetadata,
    }),
  'secretmanager secrets': (_, all, name) => add(all, `secret ${name}`),
  'secretmanager versions': null,
  'artifactregistry repositories': (it, all, name) =>
    add(all, `repository ${name}`, {
      cleanup: Object.values<Body>(it.cleanupPolicies)
        .map(({ id, action }) => `${id} ${action}`.toLowerCase())
        .sort(),
      cleans: !it.cleanupPolicyDryRun,
    }),
  'cloudfunctions functions': (it, all, name) => add(all, `function ${name}`, functionOf(it)),
  'run services': null,
  'cloudscheduler jobs': ({ httpTarget: target, ...it }, all, name) =>
    add(all, `job ${name}`, {
      schedule: `${it.schedule} ${it.timeZone}`,
      deadline: it.attemptDeadline,
      retries: it.retryConfig.retryCount,
      calls: `${target.httpMethod} ${target.uri}`,
      as: account(target.oidcToken.serviceAccountEmail),
      audience: target.oidcToken.audience,
    }),
  'logging metrics': (it, all) => add(all, `metric ${it.name}`, it.filter),
  'monitoring dashboards': ({ name: _, ...it }, all) => add(all, 'dashboard', it),
  'monitoring alertPolicies': (it, all) =>
    add(all, `alert ${it.displayName}`, { told: (it.notificationChannels ?? []).length > 0 }),
  'monitoring notificationChannels': (it, all) => add(all, `tells ${it.labels.email_address}`),
  'firebasehosting sites': (_, all, name) => add(all, `site ${name}`),
  'bigquery datasets': (_, all, name) => add(all, `dataset ${name}`),
  'bigquery tables'({ schema, view, ...it }, all, name) {
    const path = `${it.tableReference.datasetId}.${name}`;
    if (view) return add(all, `view ${path}`, view.query);
    add(all, `table ${path}`, schema.fields.map((c: Body) => `${c.name}:${c.type}`).join());
  },
};

function functionOf({ buildConfig: build, serviceConfig: service }: Body) {
  const environment = { ...service.environmentVariables };
  return {
    target: build.entryPoint,
    runtime: build.runtime,
    built: [account(build.serviceAccount), lastOf(build.dockerRepository)],
    account: account(service.serviceAccountEmail),
    cpu: service.availableCpu,
    memory: service.availableMemory,
    concurrency: service.maxInstanceRequestConcurrency,
    instances: [service.minInstanceCount, service.maxInstanceCount],
    timeout: service.timeoutSeconds,
    public: service.ingressSettings === 'ALLOW_ALL',
    environment: { ...environment, VOLLEY_INVOKER: account(environment.VOLLEY_INVOKER) },
    secrets: (service.secretVolumes ?? [])
      .flatMap(({ mountPath, secret, versions }: Body) =>
        versions.map((it: Body) => `${mountPath}/${it.path}=${secret}:${it.version}`),
      )
      .sort(),
  };
}

export function inventoryOf({ resources, policies, enabled, calls }: Recorder): Inventory {
  const all: Inventory = {};
  for (const { path } of calls) {
    const [, service] = /services\/([\w.]+):generateServiceIdentity$/.exec(path) ?? [];
    if (service) all[`agent of ${service}`] = true;
  }
  for (const [key, it] of resources) {
    const [service, path] = key.split(' ') as [string, string];
    const kind = `${service} ${path.split('/').at(-2)}`;
    const read = readers[kind];
    if (read === undefined) throw new Error(`${key} is of a kind that is not compared`);
    read?.(it, all, decodeURIComponent(lastOf(path)));
  }
  for (const service of enabled) add(all, `api ${service}.googleapis.com`);
  for (const [key, { bindings }] of policies)
    for (const { role, members, condition } of bindings)
      for (const it of members) {
        const when = condition ? ` if ${condition.expression} (${condition.title})` : '';
        const on = lastOf(key.split(' ')[1]!);
        add(all, grant(account(on)!, lastRole(role), member(it), when));
      }
  return told(all);
}

const lastRole = (role: string) => role.replace(/^projects\/[^/]+\/roles\//, '');
