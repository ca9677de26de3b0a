import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { evaluate } from '@marcbachmann/cel-js';

const text = readFileSync('infra/github.tf', 'utf8')
  .replaceAll(`\${var.github.repository_id}`, '123456789')
  .replaceAll(`\${var.github.environment}`, 'production');
const expression = (name: RegExp) =>
  JSON.parse(`"${new RegExp(`${name.source}\\s*= "((?:[^"\\\\]|\\\\.)*)"`).exec(text)![1]}"`);
const condition = expression(/attribute_condition/);
const may = expression(/"attribute\.may"/);
const subject = expression(/"google\.subject"/);

/** What GitHub signs: https://docs.github.com/en/actions/reference/security/oidc */
type Claims = Record<string, string>;
const common: Claims = {
  iss: 'https://token.actions.githubusercontent.com',
  repository: 'example/volley',
  repository_id: '123456789',
  repository_owner: 'example',
  repository_owner_id: '987654',
  run_id: '1234567890',
};
/** as repositories have it, by when they were made, renamed or moved last */
const forms = { before: 'repo:example/volley', since: 'repo:example@987654/volley@123456789' };

/** What the pool makes of a token: nothing, or who may do what. */
function exchanged(claims: Claims): string {
  if (evaluate(condition, { assertion: claims }) !== true) return 'refused';
  const id = String(evaluate(subject, { assertion: claims }));
  assert.ok(id.length > 0 && Buffer.byteLength(id) <= 127, id);
  return String(evaluate(may, { assertion: claims }));
}

for (const [since, start] of Object.entries(forms)) {
  const pull = { ...common, sub: `${start}:pull_request`, event_name: 'pull_request' };
  const deploy = {
    ...common,
    sub: `${start}:environment:production`,
    event_name: 'push',
    environment: 'production',
  };

  test(`a pull request plans, the environment applies (subject as ${since} July 2026)`, () => {
    assert.equal(exchanged(pull), 'plan');
    assert.equal(exchanged(deploy), 'apply');
    assert.equal(exchanged({ ...deploy, event_name: 'workflow_dispatch' }), 'apply');
  });

  test(`no other job may anything (subject as ${since} July 2026)`, () => {
    assert.equal(exchanged({ ...pull, environment: 'production' }), 'plan');
    assert.equal(exchanged({ ...deploy, environment: 'staging' }), 'nothing');
    assert.equal(exchanged({ ...common, sub: `${start}:ref`, event_name: 'push' }), 'nothing');
  });

  test(`a repository of that name, or that one's number, is refused (as ${since} July 2026)`, () => {
    assert.equal(exchanged({ ...deploy, repository_id: '1' }), 'refused');
    assert.equal(exchanged({ ...pull, repository_id: '1234567890' }), 'refused');
  });

  test(`a repository that was renamed is the same (subject as ${since} July 2026)`, () =>
    assert.equal(exchanged({ ...deploy, repository: 'other/name' }), 'apply'));
}
