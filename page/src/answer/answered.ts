// A report's answer as the API gives it with its chart: figures, specification, tables in words.

export interface Table {
  title: string;
  header: string[];
  rows: string[][];
  /** Columns that are aligned left. */
  left: number[];
  notes: string[];
}

export interface Meta {
  site: string;
  now: string;
  watermark: string | null;
  ms?: number;
  warnings: string[];
}

export interface Answered {
  answer: { meta: Meta };
  spec: Record<string, unknown>;
  tables: Table[];
}
