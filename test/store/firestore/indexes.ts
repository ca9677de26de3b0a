/**
 * Which indexes a query needs. The emulator never asks for one, so this is the only guard.
 *
 * From https://firebase.google.com/docs/firestore/query-data/index-overview ("Queries supported by
 * single-field indexes", "Taking advantage of index merging"):
 * - names need none;
 * - equalities (`==`, `in`), in the order of names, are answered by the ascending index of each of
 *   their fields, merged where there are several;
 * - one `array-contains` or `array-contains-any`, in the order of names, by the field's array index;
 *   together with others an index of both is recommended, and counted as needed here;
 * - a range or an order of one field, by that field's index in that direction;
 * - the sum of a field over a whole collection, by that field's ascending index
 *   (https://firebase.google.com/docs/firestore/query-data/aggregation-queries);
 * - everything else needs a composite index.
 */

import { readFileSync } from 'node:fs';
import type { Filter, Query } from './proxy.ts';

/** `collection field mode` */
export type Index = string;

interface IndexFile {
  indexes: unknown[];
  fieldOverrides: {
    collectionGroup: string;
    fieldPath: string;
    ttl?: true;
    indexes: { order?: string; arrayConfig?: string; queryScope: string }[];
  }[];
}

const file: IndexFile = JSON.parse(
  readFileSync(new URL('../../../firestore.indexes.json', import.meta.url), 'utf8'),
);

/** What `firestore.indexes.json` declares. */
export const declared = {
  composite: file.indexes,
  /** collections none of whose fields is indexed unless it is named */
  exempt: file.fieldOverrides
    .filter((it) => it.fieldPath === '*' && it.indexes.length === 0)
    .map((it) => it.collectionGroup),
  single: file.fieldOverrides.flatMap((it) =>
    it.indexes.map((index): Index => {
      const mode = index.order ?? index.arrayConfig;
      return `${it.collectionGroup} ${it.fieldPath} ${mode}`;
    }),
  ),
  ttl: file.fieldOverrides
    .filter((it) => it.ttl)
    .map((it) => `${it.collectionGroup} ${it.fieldPath}`),
};

const NAME = '__name__';
const equalities = ['EQUAL', 'IN'];
const arrays = ['ARRAY_CONTAINS', 'ARRAY_CONTAINS_ANY'];

export function needed({ from = [], where, orderBy = [], sums = [] }: Query) {
  const collection = from[0]?.collectionId;
  const filters = filtersOf(where);
  const orders = orderBy.filter((it) => it.field.fieldPath !== NAME);
  const single = [
    ...filters.map(({ field, op }) => `${field} ${arrays.includes(op) ? 'CONTAINS' : 'ASCENDING'}`),
    ...orders.map((it) => `${it.field.fieldPath} ${it.direction}`),
    ...sums.map((it) => `${it} ASCENDING`),
  ].map((it): Index => `${collection} ${it}`);
  const composite =
    (sums.length > 0 && filters.length + orderBy.length + sums.length > 1) ||
    filters.some(({ op }) => ![...equalities, ...arrays].includes(op)) ||
    (filters.some(({ op }) => arrays.includes(op)) && filters.length > 1) ||
    (orders.length > 0 && filters.length + orders.length > 1) ||
    (orders.length === 0 && orderBy.some((it) => it.direction !== 'ASCENDING'));
  return { single, composite };
}

function filtersOf(where: Filter | undefined): { field: string; op: string }[] {
  if (!where) return [];
  const { compositeFilter, fieldFilter } = where;
  if (compositeFilter?.op === 'AND') return compositeFilter.filters.flatMap(filtersOf);
  return [{ field: fieldFilter?.field.fieldPath ?? '', op: fieldFilter?.op ?? 'UNKNOWN' }];
}
