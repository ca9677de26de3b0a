/** Audiences that name their recipients one by one, as many as fit in a request. */

import type { Audience } from '../schemas/audience.ts';

export const namesPeople = ({
  userIds,
  installationIds,
  tokens,
}: Pick<Audience, 'userIds' | 'installationIds' | 'tokens'>): boolean =>
  (userIds ?? installationIds ?? tokens) !== undefined;
