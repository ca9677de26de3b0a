/**
 * What a preset says of another system's export: which column is which field, what its values mean, and
 * which rows are no devices. A preset is data alone; `convert.ts` applies it.
 */

/** True and false as databases and spreadsheets write them. */
export const TRUTH: Readonly<Record<string, boolean>> = {
  true: true,
  t: true,
  yes: true,
  1: true,
  false: false,
  f: false,
  no: false,
  0: false,
};

export interface Preset {
  /** as in `--from` */
  name: string;
  title: string;
  /** where the format is described */
  source: string;
  /** what could not be checked against that source; absent if the format was */
  unverified?: string;
  /** columns that such an export has, and that together tell it from those of other systems */
  knownBy: readonly string[];
  /** a column with a list of devices, each with the other columns of the row */
  each?: string;
  /** fields that are the same in all rows */
  constants?: Readonly<Record<string, string>>;
  skips: readonly Skip[];
  rules: readonly Rule[];
  optOut: {
    /** columns of which one must be there */
    columns: readonly string[];
    /** what to do if none is */
    missing: string;
  };
}

/** Rows that are no devices Volley can push to. They are counted by the word of their value. */
export interface Skip {
  from: string;
  words: Readonly<Record<string, string>>;
}

/**
 * A field and where it comes from. Of several rules for a field the first with a value counts; but a
 * device has opted out if one of them says so, and attributes are merged.
 */
export interface Rule {
  field: string;
  /** names of columns, or paths into one (`User.UserId`): the first that has a value */
  from: readonly string[];
  /** what each value means; another one is a fault of its row. Without it the value is taken as it is */
  values?: Readonly<Record<string, string | boolean>>;
  /** true for numbers below it */
  below?: number;
  /** left out at the beginning of a text */
  without?: string;
  /** only the part of a text before it */
  before?: string;
}
