/** Checks of the Google engine by REST, with the API's account: queues, the functions they call, indexes. */

import { type QueueName, queueNames, servedBy, serviceOf } from '../model/queues.ts';
import type { Task } from '../model/tasks.ts';
import { fault, well } from '../model/verdict.ts';
import type { Queue } from '../ports/ports.ts';
import { taskId } from '../queue/cloud-tasks/request.ts';
import { arrivalChecks, isRefused, refusalOf, type Tried } from './arrival.ts';
import type { Check } from './check.ts';
import { FIELDS_FILTER, type Field, readyOf } from './indexes.ts';

interface GoogleChecks {
  project: string;
  region: string;
  prefix: string;
  database: string;
  queue: Pick<Queue, 'create'>;
  accessToken: () => Promise<string>;
  /** other servers with the same API, for tests */
  tasksOrigin?: string;
  firestoreOrigin?: string;
  /** ms that a task may take to arrive */
  arrivesMs?: number;
}

/** Limits the pages read of one list. */
const MAX_PAGES = 20;

type Json = Record<string, unknown> | null;

/** `accessToken` returns a token of the API's account for Google's APIs. */
export function googleChecks({
  project,
  region,
  prefix,
  database,
  queue,
  accessToken,
  tasksOrigin = 'https://cloudtasks.googleapis.com',
  firestoreOrigin = 'https://firestore.googleapis.com',
  arrivesMs,
}: GoogleChecks): Check[] {
  const queues = `${tasksOrigin}/v2/projects/${project}/locations/${region}/queues/${prefix}-`;
  const apply = 'Apply infra/ again: terraform apply, or infra/gcloud.sh.';

  /** Returns null for 404. Throws on every other error. */
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
    name: `the queue ${prefix}-${name} runs, and its function accepts its tasks`,
    async run(signal) {
      const it = await get(queues + name, signal);
      if (it === null) return fault('it does not exist', apply);
      if (it.state !== 'RUNNING')
        return fault(
          `it is ${String(it.state).toLowerCase()}`,
          `gcloud tasks queues resume ${prefix}-${name} --location=${region}`,
        );
      const listed = await get(`${queues}${name}/tasks?pageSize=100`, signal);
      const tasks = (listed?.tasks ?? []) as Tried[];
      const refused = tasks.filter(isRefused);
      if (refused.length > 0) {
        const { detail, next } = refusalOf(refused[0]!, serviceOf(servedBy[name]), {
          prefix,
          apply,
        })!;
        return fault(`${refused.length} of ${tasks.length} tasks were refused: ${detail}`, next!);
      }
      return well(`${tasks.length === 100 ? '100 or more' : tasks.length} tasks are waiting`);
    },
  });

  const indexCheck: Check = {
    name: 'the indexes and TTL policies are ready',
    async run(signal) {
      const url = `${firestoreOrigin}/v1/projects/${project}/databases/${database}/collectionGroups/-/fields`;
      const query = new URLSearchParams({ pageSize: '500', filter: FIELDS_FILTER });
      const fields: Field[] = [];
      for (let page = 0; page < MAX_PAGES; page++) {
        const found = await get(`${url}?${query}`, signal);
        if (found === null) return fault('the database does not exist', apply);
        fields.push(...((found.fields ?? []) as Field[]));
        if (typeof found.nextPageToken !== 'string' || found.nextPageToken === '') break;
        query.set('pageToken', found.nextPageToken);
      }
      return readyOf(fields, apply);
    },
  };

  return [
    ...queueNames.map(queueCheck),
    ...arrivalChecks({
      prefix,
      apply,
      queue,
      ...(arrivesMs !== undefined && { arrivesMs }),
      find: (task: Task, signal) =>
        get(`${queues}${task.queue}/tasks/${taskId(task.name)}`, signal) as Promise<Tried | null>,
    }),
    indexCheck,
  ];
}
