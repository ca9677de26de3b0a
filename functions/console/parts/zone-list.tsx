/** The time zones that a field with `list="zones"` offers. */
export const ZoneList = () => (
  <datalist id="zones">
    {['UTC', ...Intl.supportedValuesOf('timeZone')].map((it) => (
      <option key={it} value={it} />
    ))}
  </datalist>
);
