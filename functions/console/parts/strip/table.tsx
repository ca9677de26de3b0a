import { count, dayAndMinute } from '../../format.ts';
import { texts } from '../../texts/texts.ts';
import { cell, Table } from '../table.tsx';
import { keyOf, manyOf, NAMED, placesOf, type StripWave, saidOf } from './wave.ts';

const words = texts.waves;
const { ledger } = texts.campaign;

/** The waves of a strip in rows, folded: their times, zones and numbers. */
export function WaveTable({ waves }: { waves: StripWave[] }) {
  const hasCounts = waves.some((it) => it.counts);
  const columns = [
    { label: words.at },
    { label: words.many, isNumber: true },
    { label: words.where },
    ...(hasCounts
      ? [
          { label: ledger.accepted, isNumber: true, isWide: true },
          { label: ledger.failed, isNumber: true, isWide: true },
          { label: ledger.skipped, isNumber: true, isWide: true },
        ]
      : []),
  ];
  return (
    <details class="behind">
      <summary>{words.table}</summary>
      <Table caption={words.title} columns={columns}>
        {waves.map((it) => (
          <Row key={keyOf(it)} wave={it} hasCounts={hasCounts} />
        ))}
      </Table>
    </details>
  );
}

function Row({ wave, hasCounts }: { wave: StripWave; hasCounts: boolean }) {
  const { at, many, isAbout, counts, state } = wave;
  const said = [...saidOf(wave), ...(state ? [words.states[state]] : [])];
  return (
    <tr>
      <td>
        <time dateTime={new Date(at).toISOString()}>{dayAndMinute(at)}</time>
        {said.map((it) => (
          <small key={it} class="muted">
            {it}
          </small>
        ))}
      </td>
      <td class="number" title={manyOf(wave)}>
        {many === null ? '–' : isAbout ? words.aboutShort(many) : count(many)}
      </td>
      <td>
        <Places wave={wave} />
      </td>
      {hasCounts && (
        <>
          <td class={cell({ isNumber: true, isWide: true })}>{count(counts?.accepted ?? 0)}</td>
          <td class={cell({ isNumber: true, isWide: true })}>{count(counts?.failed ?? 0)}</td>
          <td class={cell({ isNumber: true, isWide: true })}>{count(counts?.skipped ?? 0)}</td>
        </>
      )}
    </tr>
  );
}

/** All zones: those that a few words leave out unfold. */
function Places({ wave }: { wave: StripWave }) {
  const text = <bdi>{broken(placesOf(wave))}</bdi>;
  if (wave.of !== 'zones' || wave.zones.length <= NAMED + 1) return text;
  return (
    <details>
      <summary>{text}</summary>
      <bdi>{broken(wave.zones.slice(NAMED).join(', '))}</bdi>
    </details>
  );
}

/** A line may break behind a slash: "America/Argentina/Buenos_Aires" is wider than a phone's column. */
const broken = (text: string) =>
  text.split('/').map((part, i) => (i === 0 ? part : ['/', <wbr key={i} />, part]));
