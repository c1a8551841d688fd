import { createRoot } from "react-dom/client";
import "../style/page.css";
import { embedded } from "../data.ts";
import { chosen, show } from "../parts/theme.ts";
import { type AuthArgs, SignIn } from "./SignIn.tsx";

declare global {
  interface Window {
    /** Where Locust's page has its arguments; some locustfiles write it. */
    authArgs?: AuthArgs;
  }
}

show(chosen());
const given = embedded<AuthArgs>();
const args = Object.keys(given).length > 0 ? given : (window.authArgs ?? {});
if (args.title != null) document.title = args.title;
createRoot(document.getElementById("root") as HTMLElement).render(<SignIn args={args} />);
