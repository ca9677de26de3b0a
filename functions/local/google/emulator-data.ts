/** Exports the Firestore emulator's data to files, which another emulator can import. */

import { join } from 'node:path';

export interface Exported {
  /** the metadata file of the export */
  file: string;
  project: string;
  documents: number;
}

const HEADERS = { Authorization: 'Bearer owner', 'Content-Type': 'application/json' };
/** ms for one call. An export of 100,000 documents takes a second or two. */
const CALL_MS = 30_000;

/** Exports a project's documents into an existing folder. Nothing may be written meanwhile. */
export async function exportDocuments(
  host: string,
  project: string,
  folder: string,
): Promise<Exported> {
  const database = `projects/${project}/databases/(default)`;
  await call(`http://${host}/emulator/v1/projects/${project}:export`, {
    database,
    export_directory: folder,
    export_name: 'all',
  });
  return {
    file: join(folder, 'all', 'all.overall_export_metadata'),
    project,
    documents: await countDocuments(host, project),
  };
}

/** Counts the documents of all collections. During an import it counts those imported so far. */
export async function countDocuments(host: string, project: string): Promise<number> {
  const documents = `v1/projects/${project}/databases/(default)/documents`;
  const answer = await call(`http://${host}/${documents}:runAggregationQuery`, {
    structuredAggregationQuery: {
      structuredQuery: { from: [{ allDescendants: true }] },
      aggregations: [{ alias: 'all', count: {} }],
    },
  });
  const [first] = answer as [{ result: { aggregateFields: { all: { integerValue: string } } } }];
  return Number(first.result.aggregateFields.all.integerValue);
}

async function call(url: string, body: object): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(CALL_MS),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the emulator answers ${answer.status}: ${text}`);
  return JSON.parse(text);
}
