/** The devices of a walk: they move, opt out of a category, join and are deleted. */

import type { Store } from '../../../../functions/ports/ports.ts';
import { type chance, person } from '../../../contracts/store-fixture.ts';

const ZONES = [
  ...['Pacific/Kiritimati', 'Pacific/Auckland', 'Pacific/Chatham', 'Australia/Lord_Howe'],
  ...['Asia/Tokyo', 'Asia/Kathmandu', 'Africa/Casablanca', 'Europe/Berlin', 'Europe/London'],
  ...['America/St_Johns', 'America/New_York', 'America/Los_Angeles', 'Pacific/Pago_Pago'],
  ...['Mars/Olympus', undefined],
];

export interface Device {
  id: string;
  zone: string | undefined;
  optedOutOf: string[];
  /** when it changed its zone or joined, in ms since the epoch; 0: never */
  movedAt: number;
  joined: boolean;
  deleted: boolean;
  /** whether it has changed what it has opted out of */
  wavered: boolean;
}

export type Devices = ReturnType<typeof createDevices>;

export function createDevices(
  store: Store,
  clock: { now: number },
  { below, pick }: ReturnType<typeof chance>,
) {
  const all: Device[] = [];
  const some = ZONES.filter(() => below(2) === 0);
  const pool = some.length > 0 ? some : ['Europe/Berlin', 'Asia/Tokyo'];

  async function put({ id, zone, optedOutOf, deleted }: Device) {
    const told = { ...(zone !== undefined && { timeZone: zone }), optedOutOf };
    if (!deleted) await store.putInstallations([person(id, told, clock.now)]);
  }
  async function add(zone: string | undefined, joined: boolean) {
    const it: Device = {
      id: `device-${all.length}`,
      zone,
      optedOutOf: below(6) === 0 ? ['news'] : [],
      movedAt: joined ? clock.now : 0,
      joined,
      deleted: false,
      wavered: false,
    };
    all.push(it);
    await put(it);
  }

  return {
    all,
    pool,
    get: (id: string) => all.find((it) => it.id === id)!,
    async fill() {
      for (let n = 20 + below(80); n > 0; n--) await add(pick(pool), false);
    },
    join: () => add(pick(ZONES), true),
    async move() {
      const it = pick(all);
      const zone = pick(ZONES);
      if (zone === it.zone || it.deleted) return;
      Object.assign(it, { zone, movedAt: clock.now });
      await put(it);
    },
    async waver() {
      const it = pick(all);
      Object.assign(it, { optedOutOf: it.optedOutOf.length > 0 ? [] : ['news'], wavered: true });
      await put(it);
    },
    async remove() {
      const it = pick(all);
      it.deleted = true;
      await store.deleteInstallation('default', it.id);
    },
  };
}
