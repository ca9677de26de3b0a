/** The recorder's IAM policies: versions, members that must be there, roles that must exist. */

import type { Body } from './services.ts';

export interface Binding {
  role: string;
  members: string[];
  condition?: { title: string; expression: string };
}

export interface Policy {
  version?: number;
  etag: string;
  bindings: Binding[];
}

/** Thrown where a request is refused; becomes the answer. */
export class Refusal extends Error {
  readonly code: number;
  readonly status: string;
  constructor(code: number, status: string, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** How many requests do not know a new account yet. */
const UNKNOWN_FOR = 2;

export function createPolicies(resources: Map<string, Body>) {
  let versions = 0;
  const all = new Map<string, Policy>();
  /** accounts, with the number of requests that do not know them yet */
  const accounts = new Map<string, number>();

  /** An account may be named without its project. */
  const whole = (service: string, name: string) =>
    `${service} ${service === 'iam' ? name.replace(/^projects\/-\/(.*@([\w-]+)\.iam.*)$/, 'projects/$2/$1') : name}`;

  function known(email: string): boolean {
    const left = accounts.get(email);
    if (left === undefined) return false;
    if (left > 0) accounts.set(email, left - 1);
    return left === 0;
  }

  function read(service: string, name: string): Policy {
    const key = whole(service, name);
    if (service !== 'cloudresourcemanager' && !resources.has(key))
      throw new Refusal(404, 'NOT_FOUND', `${name} was not found.`);
    return all.get(key) ?? { etag: 'ACAB', bindings: [] };
  }

  function check({ bindings, version }: Policy) {
    for (const { role, members, condition } of bindings) {
      if (condition && version !== 3)
        throw new Refusal(400, 'INVALID_ARGUMENT', 'A policy with conditions has version 3.');
      if (role.startsWith('projects/') && !resources.has(`iam ${role}`))
        throw new Refusal(400, 'INVALID_ARGUMENT', `Role ${role} does not exist.`);
      for (const it of members.filter((it) => it.startsWith('serviceAccount:'))) {
        const email = it.slice('serviceAccount:'.length);
        if (!known(email))
          throw new Refusal(400, 'INVALID_ARGUMENT', `Service account ${email} does not exist.`);
      }
    }
  }

  function write(service: string, name: string, policy: Policy, mask?: string): Policy {
    const before = read(service, name);
    if (policy.etag && policy.etag !== before.etag)
      throw new Refusal(409, 'ABORTED', 'There were concurrent policy changes.');
    if (mask && !mask.includes('bindings'))
      throw new Refusal(400, 'INVALID_ARGUMENT', 'Nothing is changed by this mask.');
    check(policy);
    const same = JSON.stringify(policy.bindings) === JSON.stringify(before.bindings);
    const etag = same ? before.etag : Buffer.from(`version ${++versions}`).toString('base64');
    const after = { ...policy, etag };
    all.set(whole(service, name), after);
    return after;
  }

  return {
    all,
    read,
    write,
    accountMade: (email: string) => void accounts.set(email, accounts.get(email) ?? UNKNOWN_FOR),
  };
}
