/**
 * Cloud Run's older API, which `gcloud run` speaks: services and revisions in Knative's form. A service
 * exists if its function does.
 */

import { Refusal } from './policies.ts';
import type { Body } from './services.ts';

interface Request {
  method: string;
  /** `namespaces/PROJECT/services/NAME` */
  path: string;
  body: Body;
}

const ready = { type: 'Ready', status: 'True' };

function fresh(project: string, name: string): Body {
  const metadata = { name, namespace: project, generation: 1, resourceVersion: '1' };
  const traffic = [{ latestRevision: true, percent: 100 }];
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { ...metadata, annotations: {}, labels: {} },
    spec: { template: { spec: { containers: [{ image: 'image' }] } }, traffic },
    status: {
      observedGeneration: 1,
      conditions: [ready],
      url: `https://${name}.run.app`,
      latestReadyRevisionName: `${name}-00001`,
      traffic: [{ revisionName: `${name}-00001`, latestRevision: true, percent: 100 }],
    },
  };
}

const revision = (project: string, service: string): Body => ({
  apiVersion: 'serving.knative.dev/v1',
  kind: 'Revision',
  metadata: {
    name: `${service}-00001`,
    namespace: project,
    creationTimestamp: '2026-11-01T00:00:00Z',
    labels: { 'serving.knative.dev/service': service },
  },
  spec: { containers: [{ image: 'image' }] },
  status: { conditions: [ready] },
});

export function knative(resources: Map<string, Body>, { method, path, body }: Request): Body {
  const [, project, kind, name] = path.split('/') as [string, string, string, string?];
  const functions = [...resources.keys()]
    .filter((it) => it.startsWith(`cloudfunctions projects/${project}/`))
    .map((it) => it.split('/').at(-1)!);
  if (kind === 'revisions') {
    const list = { apiVersion: 'serving.knative.dev/v1', kind: 'RevisionList', metadata: {} };
    return { ...list, items: functions.map((it) => revision(project, it)) };
  }
  if (kind !== 'services' || !name || !functions.includes(name))
    throw new Refusal(404, 'NOT_FOUND', `${path} was not found.`);
  const key = `run ${path}`;
  if (!resources.has(key)) resources.set(key, fresh(project, name));
  if (method === 'PUT') {
    const { status } = resources.get(key);
    resources.set(key, { ...body, status });
  }
  return resources.get(key);
}
