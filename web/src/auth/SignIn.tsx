// The form of --web-login: user name and password, a form of the locustfile's own, other providers.
//
// The forms are ordinary ones: the browser sends them to the locustfile's routes, which answer with a redirect.

import { Field } from "../parts/Field.tsx";
import { isAddress } from "../views/Downloads.tsx";

interface AuthInput {
  label: string;
  name: string;
  type?: string | null;
  default_value?: string | number | boolean | null;
  choices?: (string | number)[] | null;
  is_multiple?: boolean | null;
  is_secret?: boolean | null;
  is_required?: boolean | null;
}

/** Locust's `auth_args`. */
export interface AuthArgs {
  title?: string | null;
  username_password_callback?: string | null;
  auth_providers?: { label: string; callback_url: string; icon_url?: string | null }[] | null;
  custom_form?: { inputs: AuthInput[]; callback_url: string; submit_button_text?: string | null } | null;
  error?: string | null;
  info?: string | null;
}

export function SignIn({ args }: { args: Partial<AuthArgs> }) {
  const { username_password_callback: password, custom_form: custom, auth_providers: providers } = args;
  return (
    <main className="sign-in">
      <h1>{args.title ?? "katydid"}</h1>
      {args.info && <p role="status">{args.info}</p>}
      {args.error && (
        <p className="wrong" role="alert">
          {args.error}
        </p>
      )}
      {password && !custom && <PasswordForm action={password} />}
      {custom && <CustomForm form={custom} />}
      {(providers ?? []).filter(({ callback_url }) => isAddress(callback_url)).map((provider) => (
        <a key={provider.callback_url} className="button" href={provider.callback_url}>
          {provider.icon_url && <img src={provider.icon_url} alt="" width="18" height="18" />} {provider.label}
        </a>
      ))}
    </main>
  );
}

function PasswordForm({ action }: { action: string }) {
  return (
    <form method="post" action={action} aria-label="Sign in">
      <Field label="User name">
        {(input) => <input {...input} name="username" autoComplete="username" required autoFocus />}
      </Field>
      <Field label="Password">
        {(input) => <input {...input} name="password" type="password" autoComplete="current-password" required />}
      </Field>
      <button type="submit" className="primary">
        Sign in
      </button>
    </form>
  );
}

function CustomForm({ form }: { form: NonNullable<AuthArgs["custom_form"]> }) {
  return (
    <form method="post" action={form.callback_url} aria-label="Sign in">
      {form.inputs.map((input) => (
        <CustomInput key={input.name} input={input} />
      ))}
      <button type="submit" className="primary">
        {form.submit_button_text ?? "Sign in"}
      </button>
    </form>
  );
}

function CustomInput({ input }: { input: AuthInput }) {
  const value = input.default_value;
  return (
    <Field label={input.label}>
      {(described) => {
        const common = { ...described, name: input.name, required: input.is_required === true };
        if (input.choices) {
          const chosen = value == null ? undefined : String(value);
          return (
            <select {...common} multiple={input.is_multiple === true} defaultValue={input.is_multiple ? undefined : chosen}>
              {input.choices.map((choice) => (
                <option key={choice}>{choice}</option>
              ))}
            </select>
          );
        }
        if (typeof value === "boolean" || input.type === "checkbox") {
          return <input {...common} type="checkbox" defaultChecked={value === true} />;
        }
        const type = input.is_secret ? "password" : (input.type ?? "text");
        return <input {...common} type={type} defaultValue={value == null ? "" : String(value)} />;
      }}
    </Field>
  );
}
