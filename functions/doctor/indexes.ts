/** Checks that Firestore has the indexes and TTL policies of firestore.indexes.json, ready to use. */

import indexes from '../../firestore.indexes.json' with { type: 'json' };
import { fault, unknown, type Verdict, well } from '../model/verdict.ts';

/** https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.collectionGroups.fields */
export interface Field {
  name: string;
  indexConfig?: { indexes?: { state: string }[] };
  ttlConfig?: { state: string };
}

/** Filter for fields with their own index settings or a TTL policy: all that our file contains. */
export const FIELDS_FILTER = 'indexConfig.usesAncestorConfig:false OR ttlConfig:*';

const TTL = ' (TTL)';

/** The finding for these fields of Firestore. `apply`: how to create what is missing. */
export function readyOf(fields: Field[], apply: string): Verdict {
  const there = new Map(
    fields.map((it) => [it.name.split('/').slice(-3).join('/').replace('/fields/', '.'), it]),
  );
  const missing: string[] = [];
  const building: string[] = [];
  const broken: string[] = [];
  const sort = (name: string, state: string, ready: string) => {
    if (state === 'NEEDS_REPAIR') broken.push(name);
    else if (state !== ready) building.push(name);
  };
  for (const it of indexes.fieldOverrides) {
    const name = `${it.collectionGroup}.${it.fieldPath}`;
    const field = there.get(name);
    const built = field?.indexConfig?.indexes ?? [];
    if (!field || built.length !== it.indexes.length) missing.push(name);
    else for (const { state } of built) sort(name, state, 'READY');
    if (!('ttl' in it && it.ttl)) continue;
    if (!field?.ttlConfig) missing.push(name + TTL);
    else sort(name + TTL, field.ttlConfig.state, 'ACTIVE');
  }
  if (missing.length > 0) return fault(`missing or different: ${missing.join(', ')}`, apply);
  if (broken.length > 0)
    return fault(
      `could not be built: ${broken.join(', ')}`,
      `Google advises to delete such an index and create it again. ${apply}`,
    );
  if (building.length > 0)
    return unknown(
      `still being built: ${building.join(', ')}`,
      'Wait: minutes for a small database, hours for a large one.',
    );
  const expiring = indexes.fieldOverrides.filter((it) => 'ttl' in it && it.ttl).length;
  return well(`all ${indexes.fieldOverrides.length} fields, ${expiring} with a TTL policy`);
}
