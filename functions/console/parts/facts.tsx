import type { ComponentChildren } from 'preact';

/** Names and values, one below the other; those that are null are left out. */
export const Facts = ({ facts }: { facts: [string, ComponentChildren | null][] }) => (
  <dl class="pairs">
    {facts.map(([name, value]) =>
      value === null ? null : (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ),
    )}
  </dl>
);
