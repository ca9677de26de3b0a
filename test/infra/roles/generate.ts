/**
 * `npx node test/infra/roles/generate.ts CLONE` writes roles.json beside it: the roles that infra/ uses
 * with the permissions Google gives them, and where each single permission that we name is known from.
 * CLONE is a clone (its work tree is not looked at) of https://github.com/iann0036/iam-dataset, which
 * reads Google's own list of roles every day. Throws, with all of them, if roles or permissions that are
 * in use are not there: they were renamed, or misspelt.
 */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { permissionsInUse, rolesInUse } from './used.ts';

interface Role {
  name: string;
  includedPermissions?: string[];
}

function main(clone: string) {
  const git = (...args: string[]) =>
    execFileSync('git', [`--git-dir=${clone}`, ...args], {
      encoding: 'utf8',
      maxBuffer: 512 * 1024 * 1024,
    });
  const [commit, date] = git('log', '-1', '--format=%H %cs').trim().split(' ');
  const known = git('ls-tree', '--name-only', 'HEAD:gcp/roles').trim().split('\n');
  const read = (role: string): Role => JSON.parse(git('show', `HEAD:gcp/roles/${role}.json`));

  const missing: string[] = [];
  const roles: Record<string, string[]> = {};
  for (const role of rolesInUse()) {
    const file = role.replace('roles/', '');
    if (!known.includes(`${file}.json`)) missing.push(role);
    else roles[role] = read(file).includedPermissions ?? [];
  }
  // a permission exists if a role of Google's has it
  const all = git(
    'grep',
    '-h',
    '-o',
    '-E',
    '"[a-z]+(\\.googleapis\\.com/|\\.)[A-Za-z]+\\.[A-Za-z]+"',
    'HEAD',
    '--',
    'gcp/roles',
  );
  const exist = new Set(all.split('\n').map((it) => it.replaceAll('"', '')));
  const permissions = permissionsInUse();
  missing.push(...permissions.filter((it) => !exist.has(it)));
  if (missing.length > 0) throw new Error(`not there: ${missing.join(', ')}`);

  const source = {
    repository: 'https://github.com/iann0036/iam-dataset',
    commit,
    date,
    licence: 'MIT, Copyright (c) 2021 Ian Mckay',
  };
  const text = JSON.stringify({ source, roles, permissions }, null, 2);
  writeFileSync('test/infra/roles/roles.json', `${text}\n`);
}

main(process.argv[2]!);
