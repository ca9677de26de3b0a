/** Changes of the tree of groups and rows. */

import type { Group, Item } from './group.ts';

/** The tree with the item of that id replaced; null: removed. */
export const replaced = (group: Group, id: string, how: (item: Item) => Item | null): Group => ({
  ...group,
  items: group.items.flatMap((it) => {
    if (it.id === id) return how(it) ?? [];
    return it.kind === 'group' ? replaced(it, id, how) : it;
  }),
});
