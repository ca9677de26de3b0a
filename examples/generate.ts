/**
 * Writes installations.csv beside this file: installations of a made-up travel app. The same seed
 * gives the same file, so it only changes when this script does.
 *
 *   npx node examples/generate.ts
 */

import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Platform } from '../functions/model/platform.ts';

const ROWS = 20_000;
const SEED = 20_240_229;

type Weighted<T> = readonly (readonly [weight: number, value: T])[];

const languages: Weighted<{ language: string; timeZones: string[] }> = [
  [
    40,
    {
      language: 'en',
      timeZones: [
        'America/New_York',
        'America/Chicago',
        'America/Los_Angeles',
        'Europe/London',
        'Australia/Sydney',
        'Asia/Kolkata',
      ],
    },
  ],
  [
    13,
    {
      language: 'de',
      timeZones: ['Europe/Berlin', 'Europe/Berlin', 'Europe/Vienna', 'Europe/Zurich'],
    },
  ],
  [
    11,
    {
      language: 'es',
      timeZones: [
        'Europe/Madrid',
        'America/Mexico_City',
        'America/Bogota',
        'America/Argentina/Buenos_Aires',
      ],
    },
  ],
  [
    9,
    {
      language: 'fr',
      timeZones: ['Europe/Paris', 'Europe/Paris', 'America/Toronto', 'Europe/Brussels'],
    },
  ],
  [
    8,
    {
      language: 'pt-BR',
      timeZones: ['America/Sao_Paulo', 'America/Sao_Paulo', 'America/Fortaleza'],
    },
  ],
  [7, { language: 'ja', timeZones: ['Asia/Tokyo'] }],
  [4, { language: 'it', timeZones: ['Europe/Rome'] }],
  [3, { language: 'nl', timeZones: ['Europe/Amsterdam'] }],
  [2, { language: 'ko', timeZones: ['Asia/Seoul'] }],
  [2, { language: 'tr', timeZones: ['Europe/Istanbul'] }],
  [1, { language: 'pl', timeZones: ['Europe/Warsaw'] }],
];

/** The share of phones differs from country to country; browsers are few everywhere. */
const platforms: Weighted<Platform> = [
  [46, 'ios'],
  [51, 'android'],
  [3, 'web'],
];
const iosCountries = new Set(['ja', 'en', 'fr']);
const iosFirst: Weighted<Platform> = [
  [58, 'ios'],
  [39, 'android'],
  [3, 'web'],
];

const tags: Weighted<string> = [
  [30, 'news'],
  [24, 'offers'],
  [12, 'beta'],
  [9, 'premium'],
  [25, 'weekend'],
];

/** mulberry32: small, fast, and good enough for examples. In [0, 1). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let it = Math.imul(state ^ (state >>> 15), state | 1);
    it ^= it + Math.imul(it ^ (it >>> 7), it | 61);
    return ((it ^ (it >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = seeded(SEED);
const HEX = '0123456789abcdef';
const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';

const below = (n: number) => Math.floor(random() * n);
const pick = <T>(items: readonly T[]): T => items[below(items.length)]!;
const text = (alphabet: string, length: number) =>
  Array.from({ length }, () => alphabet[below(alphabet.length)]).join('');

function draw<T>(weighted: Weighted<T>): T {
  let place = random() * weighted.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, value] of weighted) {
    place -= weight;
    if (place < 0) return value;
  }
  return weighted.at(-1)![1];
}

function uuid(): string {
  const hex = text(HEX, 32);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${pick(['8', '9', 'a', 'b'])}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

const tokenFor = (platform: Platform) =>
  platform === 'ios' ? text(HEX, 64) : `${text(URL_SAFE, 22)}:APA91b${text(URL_SAFE, 113)}`;

function row(): string {
  const { language, timeZones } = draw(languages);
  const platform = draw(iosCountries.has(language) ? iosFirst : platforms);
  const userId = random() < 0.6 ? `user-${below(100_000)}` : '';
  const chosen = Array.from({ length: below(4) }, () => draw(tags));
  return [
    uuid(),
    platform,
    tokenFor(platform),
    language,
    pick(timeZones),
    userId,
    [...new Set(chosen)].sort().join('|'),
  ].join(',');
}

const file = createWriteStream(new URL('installations.csv', import.meta.url));
file.write('id,platform,token,language,timeZone,userId,tags\n');
for (let i = 0; i < ROWS; i++) file.write(`${row()}\n`);
file.end();
await finished(file);
