/** Reads the credentials of apps from the environment and from a file of apps. Finds every fault. */

import { dirname } from 'node:path';
import type { Fault } from '../lib/errors.ts';
import { forEachProvider, type Provider } from '../model/provider/registry.ts';
import type { RawFields } from './adapter.ts';
import { type AppCredentials, adapterOf, adapters } from './registry.ts';
import {
  type CredentialReader,
  createCredentialReader,
  type ReadFile,
} from './shared/credential-reader.ts';
import { isObject } from './shared/merge.ts';

const FILE = 'VOLLEY_APPS';

/**
 * The credentials of each app, by its name. Faults are added to `faults`. `read` gives an environment
 * variable. The app `default` exists only if its own variables are set.
 */
export function readApps(
  read: (name: string) => string | undefined,
  faults: Fault[],
  readFile: ReadFile,
): Record<string, AppCredentials> {
  const reader = createCredentialReader(faults, readFile);
  const fallback = forEachProvider((it) => ofEnvironment(it, read, reader)) as AppCredentials;
  const apps = ofFile(read(FILE), reader);
  if (!Object.values(fallback).some(Boolean)) return apps;
  if (apps.default)
    faults.push({
      path: FILE,
      message:
        'describes the app "default", as APNS_… or FCM_… do; keep one of the two descriptions',
    });
  return { ...apps, default: fallback };
}

function ofEnvironment(
  provider: Provider,
  read: (name: string) => string | undefined,
  reader: CredentialReader,
) {
  const adapter = adapterOf(provider);
  if (!adapter) return null;
  const { variables } = adapter;
  const raw = Object.fromEntries(
    Object.entries(variables).map(([field, variable]) => [field, read(variable)]),
  );
  const nameOf = (field: string) => variables[field] ?? field;
  return adapter.isGiven(raw) ? adapter.read(raw, { nameOf, base: '.' }, reader) : null;
}

function ofFile(
  path: string | undefined,
  reader: CredentialReader,
): Record<string, AppCredentials> {
  if (!path) return {};
  const text = reader.load(path, FILE, 'give the path of a JSON file of apps');
  const value = text === null ? undefined : reader.json(text, FILE);
  if (value === undefined) return {};
  for (const it of shapeFaults(value)) reader.fault(`${FILE} ${it.path}`.trim(), it.message);
  if (!isObject(value)) return {};
  // fields of the right shape are read nonetheless, so that all faults are reported together
  return Object.fromEntries(
    Object.entries(value).map(([app, it]) => {
      const raw = isObject(it) ? it : {};
      const own = forEachProvider((provider) => {
        const nameOf = (field: string) => `${FILE} ${app}.${provider}.${field}`;
        const fields = raw[provider];
        if (!isObject(fields)) return null;
        const source = { nameOf, base: dirname(path) };
        return adapterOf(provider)?.read(texts(fields), source, reader) ?? null;
      });
      return [app, own as AppCredentials];
    }),
  );
}

/** Faults in the shape of a file of apps. The adapters check the values of its fields. */
function shapeFaults(file: unknown): Fault[] {
  if (!isObject(file)) return [{ path: '', message: 'must be an object: the apps by name' }];
  return Object.entries(file).flatMap(([app, own]): Fault[] => {
    if (!/^[\w.-]{1,64}$/.test(app))
      return [{ path: app, message: 'name: must be 1 to 64 letters, digits, _ . -' }];
    const names = adapters.map(({ name }) => name).join(', ');
    if (!isObject(own)) return [{ path: app, message: `must be an object: ${names}` }];
    return Object.entries(own).flatMap(([name, fields]) =>
      fieldFaults(`${app}.${name}`, name, fields),
    );
  });
}

function fieldFaults(path: string, name: string, fields: unknown): Fault[] {
  const adapter = adapters.find((it) => it.name === name);
  if (!adapter) return [{ path, message: 'is unknown' }];
  if (!isObject(fields)) return [{ path, message: 'must be an object' }];
  const faults = Object.entries(fields).flatMap(([field, value]): Fault[] => {
    const at = `${path}.${field}`;
    if (!Object.hasOwn(adapter.variables, field)) return [{ path: at, message: 'is unknown' }];
    return typeof value === 'string' ? [] : [{ path: at, message: 'must be a text' }];
  });
  for (const field of adapter.required)
    if (!(field in fields))
      faults.push({ path: `${path}.${field}`, message: 'is missing: a text expected' });
  return faults;
}

const texts = (it: Record<string, unknown>): RawFields =>
  Object.fromEntries(
    Object.entries(it).filter((field): field is [string, string] => typeof field[1] === 'string'),
  );
