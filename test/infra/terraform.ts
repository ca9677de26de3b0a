/**
 * What Terraform would make, by `terraform test` with mocks: the plan is the test. Terraform and its
 * providers come from a registry; without one TERRAFORM_CHECK may name a program that replaces it
 * (`PROGRAM infra --root . --test` runs fmt, init, validate and test).
 */

import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DEADLINE_MS = 20 * 60 * 1000;
/** Limits the output, in bytes: the state of each run contains the provider's whole schema. */
const MAX_OUTPUT = 500 * 1024 * 1024;

// biome-ignore lint/suspicious/noExplicitAny: there are a thousand types of resources
export type Values = any;

export interface Resource {
  address: string;
  type: string;
  name: string;
  index?: string | number;
  values: Values;
}

/** For the options of a test: why it is skipped, or false. */
export const withoutTerraform = (): string | false =>
  !process.env.TERRAFORM_CHECK &&
  !process.env.REQUIRE_TERRAFORM &&
  'needs Terraform and its registry: set REQUIRE_TERRAFORM=1';

/** Plans by the name of their run in infra/tests/deployments.tftest.hcl. Throws Terraform's errors. */
export async function deployments(): Promise<Record<string, Resource[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'volley-terraform-'));
  try {
    const lines = process.env.TERRAFORM_CHECK
      ? await throughCheck(process.env.TERRAFORM_CHECK, folder)
      : await plainly(folder);
    const runs: Record<string, Resource[]> = {};
    for (const line of lines.split('\n').filter(Boolean)) {
      const { type, '@testrun': name, test_state: state } = JSON.parse(line);
      if (type === 'test_state') runs[name] = state.root_module.resources;
    }
    return runs;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The program calls `terraform test` by name; this replacement records the result. */
async function throughCheck(program: string, folder: string): Promise<string> {
  const { stdout: terraform } = await run('sh', ['-c', 'command -v terraform']);
  const output = join(folder, 'test.jsonl');
  const script = `#!/bin/sh
if [ "$1" = test ]; then exec ${terraform.trim()} "$@" -json -verbose > '${output}'; fi
exec ${terraform.trim()} "$@"
`;
  await writeFile(join(folder, 'terraform'), script);
  await chmod(join(folder, 'terraform'), 0o755);
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
  const options = { env, timeout: DEADLINE_MS };
  await run(program, ['infra', '--root', '.', '--test'], options).catch(async (error) => {
    throw new Error(`${error.stdout}\n${await failures(output)}`);
  });
  return readFile(output, 'utf8');
}

/** Works in a copy, so that `init` leaves no files in the tree. */
async function plainly(folder: string): Promise<string> {
  await cp('infra', join(folder, 'infra'), { recursive: true });
  await cp('firestore.indexes.json', join(folder, 'firestore.indexes.json'));
  const options = { cwd: join(folder, 'infra'), timeout: DEADLINE_MS, maxBuffer: MAX_OUTPUT };
  await run('terraform', ['fmt', '-check', '-recursive', '-diff'], options);
  await run('terraform', ['init', '-backend=false', '-input=false', '-no-color'], options);
  await run('terraform', ['validate', '-no-color'], options);
  const { stdout } = await run('terraform', ['test', '-json', '-verbose'], options);
  return stdout;
}

async function failures(output: string): Promise<string> {
  const text = await readFile(output, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line.includes('"@level":"error"'))
    .map((line) => JSON.parse(line)['@message'])
    .join('\n');
}
