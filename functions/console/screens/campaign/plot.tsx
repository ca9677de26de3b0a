import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { count } from '../../format.ts';
import { Table } from '../../parts/table.tsx';
import { texts } from '../../texts/texts.ts';

const [WIDTH, HEIGHT] = [600, 120];

interface Props {
  title: string;
  /** what is seen, for people who do not see it; `peak` is the upper end of the axis */
  label: (peak: string) => string;
  /** at equal distances; the place of the drawing is kept where there are fewer than two */
  values: number[];
  /** below the drawing, at its left and right */
  axis: [string, string];
  /** headings of the table: of the time, and of the number */
  columns: [string, string];
  /** the rows of the table behind it: each a time and a number */
  rows: [string, string][];
  children?: ComponentChildren;
}

/** A small drawing of numbers over time, with a table behind it. */
export function Plot({ title, label, values, axis, columns, rows, children }: Props) {
  const id = useId();
  const peak = niceTop(Math.max(0, ...values));
  const [time, number] = columns;
  return (
    <section class="card graph" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <div class="plot">
        <span class="top">{count(peak)}</span>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={label(count(peak))}
        >
          <path
            class="rule"
            d={`M0 0.5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}`}
          />
          {values.length > 1 && (
            <>
              <path class="area" d={`${lineOf(values, peak)}V${HEIGHT}H0Z`} />
              <path class="curve" d={lineOf(values, peak)} />
            </>
          )}
        </svg>
        <span class="axis">
          <span>{axis[0]}</span>
          <span>{axis[1]}</span>
        </span>
      </div>
      {children}
      <details>
        <summary>{texts.campaign.graph.table}</summary>
        <Table caption={title} columns={[{ label: time }, { label: number, isNumber: true }]}>
          {rows.map(([at, value]) => (
            <tr key={at}>
              <td>{at}</td>
              <td class="number">{value}</td>
            </tr>
          ))}
        </Table>
      </details>
    </section>
  );
}

function lineOf(values: number[], peak: number): string {
  const x = (i: number) => ((i * WIDTH) / (values.length - 1)).toFixed(1);
  const y = (value: number) => (HEIGHT - (value / peak) * (HEIGHT - 4)).toFixed(1);
  return values.map((it, i) => `${i === 0 ? 'M' : 'L'}${x(i)} ${y(it)}`).join('');
}

/** 1, 2 or 5 times a power of ten, at or above the highest value. */
function niceTop(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((it) => it * power >= value) ?? 10);
}
