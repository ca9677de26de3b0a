/** The module `#providers` under the condition `volley-test`: see package.json. */

import { apns } from '../../../functions/model/provider/apns.ts';
import { fcmBeside, pigeon } from './pigeon.ts';

export const list = [apns, fcmBeside, pigeon] as const;
