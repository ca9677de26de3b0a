/** A service of Cloud Run: its front, its check of callers and its instances. */

import { openFront } from '../front.ts';
import { platformHeaders } from './headers.ts';
import { createInvokerCheck, type InvokerOptions } from './invoker.ts';
import { createScaled, type Scaled, type ScaleOptions } from './scale.ts';

export interface ServiceOptions extends ScaleOptions, Omit<InvokerOptions, 'audiences'> {
  /** its address on the platform: `https://….run.app` */
  url: string;
  /** for a whole answer, then 504; the instance goes on, without a CPU once it has no other request */
  timeoutMs: number;
}

export interface Service extends Omit<Scaled, 'take' | 'stop'> {
  url: string;
  /** where it is on this machine: http://127.0.0.1:port */
  at: string;
  close(): Promise<void>;
}

export async function openService(options: ServiceOptions): Promise<Service> {
  const { url, invokers, certs, timeoutMs } = options;
  const check = createInvokerCheck({ audiences: [url], invokers, certs });
  const { take, stop, ...scaled } = createScaled(options);
  const { host } = new URL(url);
  const front = await openFront({
    take,
    timeoutMs,
    async admit(request) {
      const checked = await check(request);
      if (checked.kind === 'refused') return checked;
      return { kind: 'admitted', headers: platformHeaders(request, checked.headers, host) };
    },
  });
  return {
    url,
    at: front.url,
    ...scaled,
    async close() {
      await front.close();
      await stop();
    },
  };
}
