/**
 * The providers, in the order in which they are listed. Imported as `#providers`: a test replaces it
 * with a list of its own (a condition of the package's `imports`), since schemas and queue names are
 * made of it when they are loaded. A registry that is handed from function to function would make a
 * factory of every schema and every route.
 */

import { apns } from './apns.ts';
import { fcm } from './fcm.ts';

export const list = [apns, fcm] as const;
