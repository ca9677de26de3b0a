/** An audience as rows: groups of conditions, of which all, any or none must hold. */

type Holds = 'all' | 'any' | 'none';

export interface Group {
  kind: 'group';
  id: string;
  holds: Holds;
  items: Item[];
}

export type Field =
  | 'everybody'
  | 'platform'
  | 'language'
  | 'country'
  | 'timeZone'
  | 'tags'
  | 'attributes'
  | 'lastSeen'
  | 'appVersion'
  | 'permission'
  | 'segment'
  | 'opened'
  | 'notOpened'
  | 'userIds'
  | 'installationIds'
  | 'tokens'
  | 'upload'
  | 'topic'
  | 'condition';

/** `op` and `name` matter to some fields only; `value` is as it is typed, lists with commas. */
export interface Row {
  kind: 'row';
  id: string;
  field: Field;
  op: string;
  /** of an attribute */
  name: string;
  value: string;
}

export type Item = Group | Row;

export const newId = (random: () => string = () => crypto.randomUUID()) => random().slice(0, 8);

export const noGroup = (holds: Holds = 'all', items: Item[] = []): Group => ({
  kind: 'group',
  id: newId(),
  holds,
  items,
});
