/** What gcloud.sh would make, from the commands that `--dry-run` prints. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { add, grant, type Inventory, told } from './inventory.ts';

const run = promisify(execFile);

export interface Command {
  /** the words before the first flag: `tasks queues create volley-plan` */
  words: string[];
  flags: Record<string, string[]>;
}

export async function commandsOf(settings: Record<string, string>): Promise<Command[]> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...settings };
  const { stdout } = await run('bash', ['infra/gcloud.sh', '--dry-run'], { env });
  return stdout
    .split('\n')
    .filter((line) => /^(gcloud|bq|hosting) /.test(line))
    .map((line) => {
      const [program, ...rest] = unquote(line);
      const words = rest.filter((it) => !it.startsWith('--'));
      const flags: Record<string, string[]> = {};
      for (const it of rest.filter((it) => it.startsWith('--'))) {
        const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(it)!;
        flags[name!] = [...(flags[name!] ?? []), value ?? 'true'];
      }
      return { words: program === 'gcloud' ? words : [program!, ...words], flags };
    });
}

/** bash's `printf %q`: backslashes, `''`, and `$'…'` for what no backslash can say. */
function unquote(line: string): string[] {
  return Array.from(line.matchAll(/(?:\\.|'[^']*'|[^\s\\'])+/gs), ([word]) =>
    word.replace(/\\(.)|'([^']*)'/gs, (_, escaped, quoted) => escaped ?? quoted),
  );
}

const short = (member: string) =>
  member
    .replace(/^serviceAccount:(?!service-)/, '')
    .replace(/@[\w-]+\.iam\.gserviceaccount\.com$/, '');
const account = (it: string | undefined) =>
  it === undefined ? undefined : short(it.replace(/^projects\/[^/]+\/serviceAccounts\//, ''));

/** `expression=…,title=…` */
function conditionOf(it: string | undefined): string {
  const found = /^expression=(.*),title=([^,]*)$/.exec(it ?? '');
  return found ? ` if ${found[1]} (${found[2]})` : '';
}

const value = (it: string | undefined) => (it && /^\d+(\.\d+)?$/.test(it) ? Number(it) : it);

export async function inventoryOf(commands: Command[]): Promise<Inventory> {
  const all: Inventory = {};
  for (const { words, flags } of commands) {
    const one = (name: string) => flags[name]?.[0];
    const last = words.at(-1)!;
    const verb = words.slice(0, -1).join(' ');
    if (last === 'true') throw new Error(`a flag without its value: ${words.join(' ')}`);
    if (words.includes('add-iam-policy-binding')) {
      const what = account(last)!.replace(/^[\w-]+:\w+\./, '');
      const role = one('role')!.replace(/^projects\/[^/]+\/roles\//, '');
      add(all, grant(what, role, member(one('member')!), conditionOf(one('condition'))));
      continue;
    }
    switch (verb) {
      case 'iam service-accounts create':
        add(all, `account ${last}`);
        break;
      case 'iam roles create':
        add(all, `role ${last}`, one('permissions')!.split(','));
        break;
      case 'firestore databases':
        add(all, `database ${one('database')}`, {
          location: one('location'),
          protected: one('delete-protection') === 'true',
        });
        break;
      case 'firestore indexes composite': {
        const fields = flags['field-config']!.map((it) => {
          const [, path, what] = /^field-path=(.*),(?:order|array-config)=(.*)$/.exec(it)!;
          return `${path} ${what}`;
        });
        const scope = one('query-scope')!.replace('-', '_');
        const where = `${one('database')} ${one('collection-group')} ${scope}`;
        add(all, `index ${where} ${fields}`.toLowerCase());
        break;
      }
      case 'firestore indexes fields update': {
        // gcloud knows no other scope
        const kept = (flags.index ?? []).map(
          (it) => `${it.replace(/(?:order|array-config)=/g, '')} collection`,
        );
        add(all, `field ${one('database')} ${one('collection-group')}.${last}`, kept.sort());
        break;
      }
      case 'firestore fields ttls update':
        add(all, `ttl ${one('database')} ${one('collection-group')}.${last}`);
        break;
      case 'tasks queues create':
        add(all, `queue ${last}`, {
          rate: value(one('max-dispatches-per-second')),
          concurrent: value(one('max-concurrent-dispatches')),
          attempts: value(one('max-attempts')),
          backoff: [one('min-backoff'), one('max-backoff'), value(one('max-doublings'))],
          lasts: one('max-retry-duration') ?? '0s',
        });
        break;
      case 'pubsub topics create':
        add(all, `topic ${last}`, { keeps: one('message-retention-duration') ?? null });
        break;
      case 'pubsub subscriptions create':
        add(all, `subscription ${last}`, {
          topic: one('topic'),
          keeps: one('message-retention-duration'),
          acknowledge: value(one('ack-deadline')),
          expires: one('expiration-period'),
          push: one('push-endpoint'),
          as: account(one('push-auth-service-account')),
          audience: one('push-auth-token-audience'),
          backoff: one('min-retry-delay') && [one('min-retry-delay'), one('max-retry-delay')],
          dead: one('dead-letter-topic') && [
            one('dead-letter-topic'),
            value(one('max-delivery-attempts')),
          ],
          table: one('bigquery-table')?.replace(':', '.'),
          metadata: one('write-metadata') && one('write-metadata') === 'true',
        });
        break;
      case 'secrets create':
        add(all, `secret ${last}`);
        break;
      case 'artifacts repositories create':
        break;
      case 'artifacts repositories set-cleanup-policies':
        add(all, `repository ${last}`, {
          cleanup: (await json(one('policy')!))
            .map((p: { name: string; action: { type: string } }) =>
              `${p.name} ${p.action.type}`.toLowerCase(),
            )
            .sort(),
          cleans: 'no-dry-run' in flags,
        });
        break;
      case 'functions deploy':
        add(all, `function ${last}`, functionOf(flags));
        break;
      case 'scheduler jobs create http':
        add(all, `job ${last}`, {
          schedule: `${one('schedule')} ${one('time-zone')}`,
          deadline: one('attempt-deadline'),
          retries: value(one('max-retry-attempts')),
          calls: `${one('http-method')} ${one('uri')}`,
          as: account(one('oidc-service-account-email')),
          audience: one('oidc-token-audience'),
        });
        break;
      case 'logging metrics create':
        add(all, `metric ${last}`, (await json(one('config-from-file')!)).filter);
        break;
      case 'monitoring dashboards':
        add(all, 'dashboard', await json(one('config-from-file')!));
        break;
      case 'alpha monitoring policies':
        add(all, `alert ${(await json(one('policy-from-file')!)).displayName}`, {
          told: 'notification-channels' in flags,
        });
        break;
      case 'beta monitoring channels':
        add(all, `tells ${one('channel-labels')!.replace('email_address=', '')}`);
        break;
      case 'beta services identity':
        add(all, `agent of ${one('service')}`);
        break;
      case 'hosting POST':
        add(all, `site ${last.replace('sites?siteId=', '')}`);
        break;
      case 'run services update':
        add(all, `unchecked ${last}`);
        break;
      default:
        if (verb.startsWith('services enable'))
          for (const it of words.slice(2)) add(all, `api ${it}`);
        else if (verb === 'bq mk' && one('view'))
          add(all, `view ${last.replace(/^.*:/, '')}`, one('view'));
        else if (verb === 'bq mk') add(all, `dataset ${last.replace(/^.*:/, '')}`);
        else if (verb.startsWith('bq mk'))
          add(all, `table ${words.at(-2)!.replace(/^.*:/, '')}`, last);
        else throw new Error(`a command that is not compared: ${words.join(' ')}`);
    }
  }
  return told(all);
}

const member = (it: string) => (it.includes('@gcp-sa-') ? it : short(it));

const json = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

function functionOf(flags: Command['flags']) {
  const one = (name: string) => flags[name]?.[0];
  const [, separator, pairs] = /^\^(.)\^(.*)$/.exec(one('set-env-vars')!)!;
  return {
    target: one('entry-point'),
    runtime: one('runtime'),
    built: [account(one('build-service-account')), one('docker-repository')!.replace(/^.*\//, '')],
    account: account(one('run-service-account')),
    cpu: one('cpu'),
    memory: one('memory'),
    concurrency: value(one('concurrency')),
    instances: [value(one('min-instances')), value(one('max-instances'))],
    timeout: value(one('timeout')),
    public: one('ingress-settings') === 'all',
    environment: Object.fromEntries(
      pairs!.split(separator!).map((it) => {
        const [, name, text] = /^(\w+)=(.*)$/.exec(it)!;
        return [name, name === 'VOLLEY_INVOKER' ? account(text) : text];
      }),
    ),
    secrets: (one('set-secrets') ?? '')
      .split(',')
      .filter(Boolean)
      .map((it) => it.replace(':/', '/'))
      .sort(),
  };
}
