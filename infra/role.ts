/**
 * `npm run role -- --project my-project-1234 --email ann@example.com --role sender`: gives a person who has
 * signed in to the console a role there, the claim `volley` of their Firebase user. It keeps the user's other
 * claims, and ends their sessions, so that the new role counts within half a minute. It needs your own right to change
 * users (`gcloud auth application-default login`).
 * https://firebase.google.com/docs/auth/admin/custom-claims
 */

import { parseArgs } from 'node:util';
import type { AppOptions } from 'firebase-admin/app';
import { type Role, roles } from '../functions/http/auth/firebase-users.ts';

const NONE = 'none';
const words = [...Object.keys(roles), NONE];

const usage = `npm run --silent role -- --project PROJECT --email ADDRESS --role ROLE

  --project   whose Firebase users sign in
  --email     of a person who has signed in to the console once
  --role      ${words.join(', ')}`;

export interface RoleOptions {
  project: string;
  email: string;
  /** null: none */
  role: Role | null;
}

/** Reads the arguments, or returns what is wrong with them. */
export function readOptions(args: string[]): RoleOptions | string {
  const given = () => {
    const text = { type: 'string' } as const;
    return parseArgs({ args, options: { project: text, email: text, role: text } }).values;
  };
  let values: ReturnType<typeof given>;
  try {
    values = given();
  } catch (error) {
    return `${(error as Error).message}\n\n${usage}`;
  }
  const { project, email, role } = values;
  if (!project || !email || !role) {
    const missing = Object.entries({ project, email, role }).filter(([, it]) => !it);
    return `Missing: ${missing.map(([name]) => `--${name}`).join(', ')}.\n\n${usage}`;
  }
  if (!words.includes(role)) return `There is no role ${role}.\n\n${usage}`;
  return { project, email, role: role === NONE ? null : (role as Role) };
}

/** Throws Firebase's errors. `options`: the address of Google and the credentials, for the library. */
export async function giveRole({ project, email, role }: RoleOptions, options: AppOptions = {}) {
  const [{ deleteApp, initializeApp }, { getAuth }] = await Promise.all([
    import('firebase-admin/app'),
    import('firebase-admin/auth'),
  ]);
  const app = initializeApp({ projectId: project, ...options }, email);
  try {
    const auth = getAuth(app);
    const { uid, customClaims } = await auth.getUserByEmail(email);
    const { volley: _, ...others } = customClaims ?? {};
    await auth.setCustomUserClaims(uid, role === null ? others : { ...others, volley: role });
    // a token that was made before says the old role for up to an hour
    await auth.revokeRefreshTokens(uid);
  } finally {
    await deleteApp(app);
  }
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (typeof options === 'string') {
    console.error(options);
    process.exitCode = 2;
    return;
  }
  const { email, role } = options;
  try {
    await giveRole(options);
    console.log(`${email} has ${role ? `the role ${role}` : 'no role'}, and has to sign in again.`);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    console.error(`No role was changed. ${message}`);
    console.error(
      code === 'auth/user-not-found'
        ? 'A person has to sign in to the console once before they can get a role.'
        : 'Have you signed in? gcloud auth application-default login',
    );
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
