/** Reads what infra/gcloud.sh deploys: limits and environments, to run the functions on this machine. */

import type { Target } from '../../functions/local/google/function.ts';
import type { SimulatedLimits } from '../../functions/simulators/cloud-tasks/simulator.ts';
import { commandsOf, inventoryOf } from '../infra/gcloud.ts';

export interface Deployment {
  functions: DeployedFunction[];
  /** by full name */
  queues: Record<string, Partial<SimulatedLimits>>;
}

export interface DeployedFunction {
  name: string;
  target: Target;
  /** where it will be: https://….run.app */
  url: string;
  concurrency: number;
  instances: number;
  timeoutMs: number;
  /** e-mails of accounts with roles/run.invoker on it */
  invokers: string[] | 'allUsers';
  /** its variables, and those that Cloud Run adds */
  environment: Record<string, string>;
}

interface Written {
  target: Target;
  concurrency: number;
  instances: [least: number, most: number];
  timeout: number;
  environment: Record<string, string>;
}

interface Queue {
  rate: number;
  concurrent: number;
  attempts: number;
  backoff: [string, string, number];
}

/** With the default region and prefix. `settings` are those of the script. */
export async function deploymentOf(
  project: string,
  settings: Record<string, string>,
): Promise<Deployment> {
  const commands = await commandsOf({
    PROJECT: project,
    PROJECT_NUMBER: '123456789012',
    ...settings,
  });
  const inventory = await inventoryOf(commands);
  const of = <T>(kind: string) =>
    Object.entries(inventory)
      .filter(([name]) => name.startsWith(`${kind} `))
      .map(([name, it]) => [name.slice(kind.length + 1), it as T] as const);
  const email = (account: string) => `${account}@${project}.iam.gserviceaccount.com`;

  const invokersOf = (name: string): string[] | 'allUsers' => {
    const members = of(`grant roles/run.invoker on ${name} to`).map(([member]) => member);
    return members.includes('allUsers') ? 'allUsers' : members.map(email);
  };
  const queues = of<Queue>('queue').map(([name, it]) => [
    `projects/${project}/locations/europe-west1/queues/${name}`,
    limitsOf(it),
  ]);
  return {
    functions: of<Written>('function').map(([name, it]) => ({
      name,
      target: it.target,
      url: it.environment.VOLLEY_URL!,
      concurrency: it.concurrency,
      instances: it.instances[1],
      timeoutMs: it.timeout * 1000,
      invokers: invokersOf(name),
      environment: {
        ...it.environment,
        VOLLEY_INVOKER: email(it.environment.VOLLEY_INVOKER!),
        ...platform(name),
      },
    })),
    queues: Object.fromEntries(queues),
  };
}

/** https://cloud.google.com/run/docs/container-contract#env-vars */
const platform = (name: string) => ({
  K_SERVICE: name,
  K_REVISION: `${name}-00001-abc`,
  K_CONFIGURATION: name,
  FUNCTION_SIGNATURE_TYPE: 'http',
  // the metadata server is looked for, as there
  METADATA_SERVER_DETECTION: '',
});

const milliseconds = (it: string) => Number(it.replace(/s$/, '')) * 1000;

const limitsOf = ({ rate, concurrent, attempts, backoff }: Queue): Partial<SimulatedLimits> => ({
  perSecond: rate,
  concurrent,
  maxAttempts: attempts,
  minBackoffMs: milliseconds(backoff[0]),
  maxBackoffMs: milliseconds(backoff[1]),
  maxDoublings: backoff[2],
});
