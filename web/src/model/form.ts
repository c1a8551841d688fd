// What does the start form hold, what is wrong with it, and what is sent?

import type { Config, ExtraOption, OptionValue, RunRequest } from "../api/types.ts";
import { timeSpan, typedSpan } from "./units.ts";

/** The fields as they are typed. */
export interface Form {
  user_count: string;
  spawn_rate: string;
  host: string;
  run_time: string;
  shape_class: string;
  profile: string;
  user_classes: string[];
  stages: string;
  /** One a line, as the rules of `expect`. */
  thresholds: string;
  expect: string;
  options: Record<string, string | boolean | string[]>;
}

/** What a parser calls a default that is none: such an option, like --help, is not for a form. */
const SUPPRESSED = "==SUPPRESS==";

/** The options that the form asks for. */
export function optionsOf(config: Config): [string, ExtraOption][] {
  return Object.entries(config.extra_options ?? {}).filter(([, option]) => option.default_value !== SUPPRESSED);
}

/** Whether there is a choice of shapes: as with classes, the command has to offer it. */
export function hasShapes(config: Config): boolean {
  return config.show_userclass_picker && config.shapes.length > 1;
}

/** What is wrong, by the name of the field; options by their name. */
export type Problems = Record<string, string>;

export const NO_SHAPE = "Default";

export function formOf(config: Config): Form {
  return {
    user_count: String(config.num_users ?? 1),
    spawn_rate: String(config.spawn_rate ?? 1),
    host: config.host ?? "",
    run_time: typedSpan(config.run_time),
    shape_class: config.shapes[0] ?? NO_SHAPE,
    profile: config.profile ?? "",
    user_classes: config.user_classes.map(({ name }) => name),
    stages: config.stages,
    thresholds: config.thresholds.join("\n"),
    expect: config.expect.join("\n"),
    options: Object.fromEntries(optionsOf(config).map(([dest, option]) => [dest, typed(option)])),
  };
}

function typed(option: ExtraOption): string | boolean | string[] {
  const value = option.default_value;
  if (typeof value === "boolean") return value;
  const values = Array.isArray(value) ? value.map(String) : [];
  if (option.is_multiple && option.choices !== null) return values;
  return Array.isArray(value) ? values.join(", ") : String(value ?? "");
}

/** Whether users and rate are asked for: levels and shapes decide on them, unless a shape uses the common options. */
export function hasCommonFields(config: Config, form: Form): boolean {
  if (form.stages.trim() !== "") return false;
  if (config.stages !== "") return true;
  if (config.shape_use_common_options) return true;
  return !config.hide_common_options && form.shape_class === NO_SHAPE;
}

export function problems(config: Config, form: Form): Problems {
  const found: Problems = {};
  if (hasCommonFields(config, form)) {
    if (!/^\d+$/.test(form.user_count.trim())) found.user_count = "a whole number, such as 100";
    const rate = Number(form.spawn_rate);
    if (form.spawn_rate.trim() === "" || !(rate > 0)) found.spawn_rate = "a number above 0, such as 10 or 0.5";
  }
  if (form.run_time.trim() !== "" && timeSpan(form.run_time) === null) {
    found.run_time = "a time span, such as 90, 20s, 3m or 1h30m";
  }
  if (config.is_host_required && form.host.trim() === "") found.host = "the address of what is to be tested";
  if (config.show_userclass_picker && form.user_classes.length === 0) found.user_classes = "choose at least one class";
  for (const [dest, option] of optionsOf(config)) {
    const value = form.options[dest];
    if (option.is_required && (value === "" || value === undefined || (Array.isArray(value) && value.length === 0))) {
      found[dest] = "needed";
    } else if (typeof option.default_value === "number" && value !== "" && Number.isNaN(Number(value))) {
      found[dest] = "a number";
    }
  }
  return found;
}

/** The call that starts the run; only what was asked for is in it. */
export function requestOf(config: Config, form: Form): RunRequest {
  const request: RunRequest = { host: form.host.trim() };
  if (hasCommonFields(config, form)) {
    request.user_count = Number(form.user_count);
    request.spawn_rate = Number(form.spawn_rate);
    if (form.run_time.trim() !== "") request.run_time = form.run_time.trim();
  }
  if (config.show_userclass_picker) request.user_classes = form.user_classes;
  if (hasShapes(config)) request.shape_class = form.shape_class;
  if (form.profile.trim() !== "") request.profile = form.profile.trim();
  Object.assign(request, asked(config, form));
  const options = optionsOf(config);
  if (options.length > 0) {
    request.options = Object.fromEntries(options.map(([dest, option]) => [dest, sent(option, form.options[dest])]));
  }
  return request;
}

/** What is asked of the run, where it is not what was asked before. */
function asked(config: Config, form: Form): Pick<RunRequest, "stages" | "thresholds" | "expect"> {
  const change: Pick<RunRequest, "stages" | "thresholds" | "expect"> = {};
  if (form.stages.trim() !== config.stages) change.stages = form.stages.trim();
  for (const key of ["thresholds", "expect"] as const) {
    const lines = form[key].split("\n").map((line) => line.trim()).filter(Boolean);
    if (lines.join("\n") !== config[key].join("\n")) change[key] = lines;
  }
  return change;
}

function sent(option: ExtraOption, value: string | boolean | string[] | undefined): OptionValue {
  if (value === undefined) return option.default_value;
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return value;
  if (option.is_multiple || Array.isArray(option.default_value)) {
    return value.split(",").map((part) => part.trim()).filter(Boolean);
  }
  if (typeof option.default_value === "number" && value.trim() !== "") return Number(value);
  return value === "" && option.default_value === null ? null : value;
}
