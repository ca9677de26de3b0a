/** The systems whose exports can be imported as they are. */

import { airship } from './airship.ts';
import { braze } from './braze.ts';
import { firebase } from './firebase.ts';
import { onesignal } from './onesignal.ts';
import { parse } from './parse.ts';
import { pinpoint } from './pinpoint.ts';
import type { Preset } from './preset.ts';

export const presets: readonly Preset[] = [onesignal, parse, pinpoint, airship, braze, firebase];
