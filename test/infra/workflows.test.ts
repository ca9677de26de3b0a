import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const folder = '.github/workflows';
const workflows = readdirSync(folder).map((file) => ({
  file,
  text: readFileSync(`${folder}/${file}`, 'utf8'),
}));

test('every action is pinned to a commit, and one action to one commit', () => {
  const pins = new Map<string, string>();
  for (const { file, text } of workflows)
    for (const [, used] of text.matchAll(/uses:\s*(.*)/g)) {
      const [, action, commit] = /^([\w-]+\/[\w./-]+)@([0-9a-f]{40}) # v[\d.]+$/.exec(used!) ?? [];
      assert.ok(action && commit, `${file}: ${used}`);
      assert.equal(pins.get(action) ?? commit, commit, `${file}: ${action}`);
      pins.set(action, commit);
    }
  assert.ok(pins.size > 3);
});

test('a workflow may read the sources, and only the deployment proves who it is', () => {
  for (const { file, text } of workflows) {
    assert.match(text, /^permissions:\n {2}contents: read\n\n/m, file);
    const asked = Array.from(text.matchAll(/^ +([\w-]+): write$/gm), ([, it]) => it);
    assert.deepEqual([...new Set(asked)], file === 'deploy.yml' ? ['id-token'] : [], file);
    // it would run a stranger's code with our rights
    assert.doesNotMatch(text, /pull_request_target|secrets\./, file);
  }
});

test('nothing a stranger writes is run as shell', () => {
  for (const { file, text } of workflows)
    for (const script of text.split(/\brun: /).slice(1)) {
      const lines = script.startsWith('|')
        ? script.split(/\n(?= {0,6}\S)/)[0]!
        : script.split('\n')[0]!;
      assert.doesNotMatch(lines, /\$\{\{/, `${file}: ${lines}`);
    }
});

test('a deployment is given its own state, by the workflow and by the README', () => {
  const texts = [...workflows.map(({ text }) => text), readFileSync('infra/README.md', 'utf8')];
  const inits = texts.flatMap((text) => text.match(/^.*terraform init .*$/gm) ?? []);
  assert.equal(inits.length, 3);
  for (const it of inits) {
    assert.match(it, /-backend-config="?bucket=\$/);
    assert.match(it, /-backend-config="?prefix=/);
  }
});
