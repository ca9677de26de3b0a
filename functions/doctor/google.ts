/** Checks of the Google engine: its queues and who they call, its indexes. By REST, as the API. */

import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import indexes from '../../firestore.indexes.json' with { type: 'json' };
import { type QueueName, queueNames, redriveTask } from '../model/tasks.ts';
import type { Queue } from '../ports.ts';
import { taskId } from '../queue/cloud-tasks.ts';
import { type Check, fault, type Result, unknown, well } from './check.ts';

export interface GoogleChecks {
  project: string;
  region: string;
  prefix: string;
  database: string;
  queue: Pick<Queue, 'create'>;
  accessToken: () => Promise<string>;
  /** other servers that speak the same */
  tasksOrigin?: string;
  firestoreOrigin?: string;
}

/** Its tasks' headers say what came of the last attempt: a gRPC code, made of the HTTP status. */
const REFUSED = [7, 16];
const POLL_MS = 250;
/** With a cold start of the planner. */
const PROBE_MS = 15_000;

type Json = Record<string, unknown> | null;

export function googleChecks({
  project,
  region,
  prefix,
  database,
  queue,
  accessToken,
  tasksOrigin = 'https://cloudtasks.googleapis.com',
  firestoreOrigin = 'https://firestore.googleapis.com',
}: GoogleChecks): Check[] {
  const queues = `${tasksOrigin}/v2/projects/${project}/locations/${region}/queues/${prefix}-`;
  const apply = 'Apply infra/ again: terraform apply, or infra/gcloud.sh.';

  /** Null: there is none. Throws on every other refusal. */
  async function get(url: string, signal: AbortSignal): Promise<Json> {
    const headers = { Authorization: `Bearer ${await accessToken()}` };
    const response = await fetch(url, { headers, signal });
    const body = (await response.json().catch(() => null)) as Json;
    if (response.status === 404) return null;
    if (response.ok) return body;
    const said = (body?.error as { message?: string } | undefined)?.message ?? '';
    throw new Error(`${new URL(url).host} answered ${response.status} ${said}`.trim());
  }

  const queueCheck = (name: QueueName): Check => ({
    name: `the queue ${prefix}-${name} runs, and whom it calls takes its tasks`,
    async run(signal) {
      const it = await get(queues + name, signal);
      if (it === null) return fault('it is not there', apply);
      if (it.state !== 'RUNNING')
        return fault(
          `it is ${String(it.state).toLowerCase()}`,
          `gcloud tasks queues resume ${prefix}-${name} --location=${region}`,
        );
      const listed = await get(`${queues}${name}/tasks?pageSize=100`, signal);
      const tasks = (listed?.tasks ?? []) as Tried[];
      const refused = tasks.filter(isRefused).length;
      if (refused > 0)
        return fault(
          `${refused} of ${tasks.length} tasks were refused by the function, as a stranger's`,
          `The function takes ${prefix}-invoker alone, with its own address as audience: compare its VOLLEY_URL and VOLLEY_INVOKER, and its role run.invoker. ${apply}`,
        );
      return well(`${tasks.length === 100 ? '100 or more' : tasks.length} tasks wait`);
    },
  });

  /** The whole way: queued by this function, called as the invoker, checked by the planner. */
  const wayCheck: Check = {
    name: 'a task that is queued arrives',
    async run(signal) {
      const task = redriveTask('doctor', randomUUID());
      await queue.create([task]);
      const url = `${queues}${task.queue}/tasks/${taskId(task.name)}`;
      for (const end = Date.now() + PROBE_MS; ; await wait(POLL_MS, null, { signal })) {
        const it = (await get(url, signal)) as Tried | null;
        // done, and gone
        if (it === null) return well('queued, called as the invoker, done');
        if (isRefused(it))
          return fault(
            'the function plan refuses its caller',
            `Compare its VOLLEY_URL with VOLLEY_PLAN_URL of the API, and VOLLEY_INVOKER of both. ${apply}`,
          );
        if (Date.now() > end)
          return unknown(
            `it still waits after ${PROBE_MS / 1000} s`,
            `Look at the log of ${prefix}-plan, and whether the queue is paused.`,
          );
      }
    },
  };

  const indexCheck: Check = {
    name: 'the indexes are ready',
    async run(signal) {
      const filter = 'indexConfig.usesAncestorConfig:false OR ttlConfig:*';
      const url = `${firestoreOrigin}/v1/projects/${project}/databases/${database}/collectionGroups/-/fields`;
      const found = await get(`${url}?pageSize=500&filter=${encodeURIComponent(filter)}`, signal);
      if (found === null) return fault('the database is not there', apply);
      return readyOf((found.fields ?? []) as Field[], apply);
    },
  };

  return [...queueNames.map(queueCheck), wayCheck, indexCheck];
}

interface Tried {
  lastAttempt?: { responseStatus?: { code?: number } };
}
const isRefused = ({ lastAttempt }: Tried) =>
  REFUSED.includes(lastAttempt?.responseStatus?.code ?? 0);

/** https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.collectionGroups.fields */
interface Field {
  name: string;
  indexConfig?: { indexes?: { state: string }[] };
  ttlConfig?: { state: string };
}

function readyOf(fields: Field[], apply: string): Result {
  const there = new Map(
    fields.map((it) => [it.name.split('/').slice(-3).join('/').replace('/fields/', '.'), it]),
  );
  const missing: string[] = [];
  const building: string[] = [];
  for (const it of indexes.fieldOverrides) {
    const name = `${it.collectionGroup}.${it.fieldPath}`;
    const field = there.get(name);
    const built = field?.indexConfig?.indexes ?? [];
    const ttl = 'ttl' in it && it.ttl;
    if (!field || built.length !== it.indexes.length || (ttl && !field.ttlConfig))
      missing.push(name);
    else if (built.some(({ state }) => state !== 'READY')) building.push(name);
    else if (ttl && field.ttlConfig!.state !== 'ACTIVE') building.push(name);
  }
  if (missing.length > 0) return fault(`not as they should be: ${missing.join(', ')}`, apply);
  if (building.length > 0)
    return unknown(
      `still being built: ${building.join(', ')}`,
      'Wait: minutes for a small database, hours for a large one.',
    );
  return well(`all ${indexes.fieldOverrides.length}`);
}
