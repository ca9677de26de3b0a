/** The texts of the console, one typed object for each language. */

import { en } from './en.ts';

export type Texts = typeof en;

export const texts: Texts = en;
