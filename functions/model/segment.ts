/** A segment: an audience that was saved under a name. */

import type { AudienceExpression } from './schemas/audience.ts';

export interface Segment {
  app: string;
  name: string;
  audience: AudienceExpression;
  updatedAt: number;
}
