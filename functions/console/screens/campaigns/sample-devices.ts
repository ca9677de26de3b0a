/** Made-up devices, for a first look on simulated providers. Each visit makes the same. */

const DEVICES = 1_000;
/** the device that a first test goes to */
export const FIRST_DEVICE = 'sample-1';

const names = ['Ada', 'Grace', 'Linus', 'Margaret', 'Alan', 'Hedy', 'Edsger'];
const people = [
  ['en', 'America/New_York'],
  ['en', 'Europe/London'],
  ['de', 'Europe/Berlin'],
  ['pt-BR', 'America/Sao_Paulo'],
  ['fr', 'Europe/Paris'],
  ['ja', 'Asia/Tokyo'],
] as const;
const platforms = ['ios', 'android', 'ios', 'android', 'web'] as const;

/** A CSV file. The tokens have the providers' forms, and no device has them. */
export async function sampleDevices(): Promise<Blob> {
  const rows = await Promise.all(Array.from({ length: DEVICES }, (_, i) => row(i + 1)));
  const head = 'id,platform,token,language,timeZone,userId,tags,attributes.name\n';
  return new Blob([head, ...rows], { type: 'text/csv' });
}

async function row(i: number): Promise<string> {
  const platform = platforms[i % platforms.length]!;
  const [language, zone] = people[i % people.length]!;
  const hex = await digest(`sample ${i}`);
  const more = (await digest(`more ${i}`)) + (await digest(`most ${i}`));
  const token =
    platform === 'ios' ? hex : `${hex.slice(0, 22)}:APA91b${(hex + more).slice(0, 134)}`;
  const tag = i % 10 === 0 ? 'beta' : '';
  return `sample-${i},${platform},${token},${language},${zone},user-${i},${tag},${names[i % names.length]}\n`;
}

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return new Uint8Array(bytes).reduce((hex, it) => hex + it.toString(16).padStart(2, '0'), '');
}
