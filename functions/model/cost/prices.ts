/**
 * List prices in US dollars, without free quotas, discounts and tax: region us-central1, as known in
 * November 2026. Other regions cost up to twice as much, a multi-region Firestore twice. Change them
 * here when they change; `volley estimate` and the table in docs/operations.md follow.
 */

interface Price {
  usd: number;
  /** the quantity that the price is for */
  per: number;
  unit: string;
  source: string;
}

const firestore = 'https://cloud.google.com/firestore/pricing';
const run = 'https://cloud.google.com/run/pricing';

export const prices = {
  read: { usd: 0.03, per: 100_000, unit: 'docs', source: firestore },
  write: { usd: 0.09, per: 100_000, unit: 'docs', source: firestore },
  delete: { usd: 0.01, per: 100_000, unit: 'docs', source: firestore },
  storage: { usd: 0.15, per: 1, unit: 'GiB-months', source: firestore },
  /** an API call or a delivery attempt, of at most 32 KB */
  task: {
    usd: 0.4,
    per: 1_000_000,
    unit: 'calls',
    source: 'https://cloud.google.com/tasks/pricing',
  },
  request: { usd: 0.4, per: 1_000_000, unit: 'requests', source: run },
  cpu: { usd: 0.000024, per: 1, unit: 'vCPU-s', source: run },
  /** of an instance that is kept without requests (`warm` in Terraform) */
  idleCpu: { usd: 0.0000025, per: 1, unit: 'vCPU-s', source: run },
  memory: { usd: 0.0000025, per: 1, unit: 'GiB-s', source: run },
  /** at least 1 KB a message, counted when it is published and when it is delivered */
  pubsub: {
    usd: 40,
    per: 1024,
    unit: 'GiB',
    source: 'https://cloud.google.com/pubsub/pricing',
  },
  logging: {
    usd: 0.5,
    per: 1,
    unit: 'GiB',
    source: 'https://cloud.google.com/stackdriver/pricing',
  },
  /**
   * To FCM: "Egress to Google products (such as YouTube, Maps, Drive), whether from a VM in Google Cloud
   * with an external IP address or an internal IP address: no charge". FCM itself is free of charge:
   * https://firebase.google.com/pricing
   */
  google: {
    usd: 0,
    per: 1,
    unit: 'GiB',
    source: 'https://cloud.google.com/vpc/network-pricing',
  },
  /** to Apple */
  egress: {
    usd: 0.12,
    per: 1,
    unit: 'GiB',
    source: 'https://cloud.google.com/vpc/network-pricing',
  },
} as const satisfies Record<string, Price>;

export type Priced = keyof typeof prices;
