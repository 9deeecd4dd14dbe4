// A router of its own over pushState, Radix's dialog (a portal) and tabs (generated ids), CSS modules.
import * as Dialog from "@radix-ui/react-dialog";
import * as Tabs from "@radix-ui/react-tabs";
import { useEffect, useId, useState } from "react";
import { createRoot } from "react-dom/client";
import styles from "./app.module.css";

const HERBS = ["Basil", "Chives", "Dill", "Fennel"];

function useRoute() {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const moved = () => setPath(location.pathname);
    addEventListener("popstate", moved);
    return () => removeEventListener("popstate", moved);
  }, []);
  const go = (event) => {
    event.preventDefault();
    history.pushState({}, "", event.currentTarget.href);
    setPath(location.pathname);
  };
  return [path, go];
}

function App() {
  const [path, go] = useRoute();
  const about = path.endsWith("/about");
  useEffect(() => {
    document.title = about ? "About herbs" : "Herbs";
  }, [about]);
  return (
    <>
      <nav className={styles.row}>
        <a href="/react/index.html" onClick={go}>Herbs</a>
        <a href="/react/about" onClick={go}>About</a>
      </nav>
      <main className={styles.card}>{about ? <About /> : <Herbs />}</main>
    </>
  );
}

function Herbs() {
  const [herbs, setHerbs] = useState(HERBS);
  const reverse = () => {
    setHerbs([...herbs].reverse());
    history.replaceState({ scroll: scrollY }, "", location.href); // As routers do, to find the place again.
  };
  return (
    <>
      <h1>Herbs</h1>
      <ul>
        {herbs.map((herb) => (
          <li key={herb} className={styles.row} data-herb={herb.toLowerCase()}>
            <span>{herb}</span>
            <button className={styles.remove} onClick={() => setHerbs(herbs.filter((other) => other !== herb))}>
              <svg width="10" height="10" aria-hidden="true"><path d="M0 0L10 10" stroke="red" /></svg>
              <span>Remove</span>
            </button>
          </li>
        ))}
      </ul>
      <button onClick={reverse}>Reverse</button>
      <button onClick={() => setHerbs([`Herb ${herbs.length + 1}`, ...herbs])}>Add</button>
      <Confirm onConfirm={() => setHerbs([])} />
      <Order />
    </>
  );
}

function Confirm({ onConfirm }) {
  return (
    <Dialog.Root>
      <Dialog.Trigger>Clear</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay />
        <Dialog.Content className={styles.dialog}>
          <Dialog.Title>Clear the list?</Dialog.Title>
          <Dialog.Description>All herbs go.</Dialog.Description>
          <Dialog.Close onClick={onConfirm}>Yes, clear</Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Order() {
  const [name, setName] = useState("");
  const [size, setSize] = useState("small");
  const [gift, setGift] = useState(false);
  const [sent, setSent] = useState(0);
  const id = useId();
  const submit = (event) => {
    event.preventDefault();
    setSent(sent + 1);
    setName("");
  };
  return (
    <form aria-label="Order" className={styles.card} onSubmit={submit}>
      <label htmlFor={id}>Name</label>
      <input id={id} value={name} onChange={(event) => setName(event.target.value.toUpperCase())} />
      <label>Size <select value={size} onChange={(event) => setSize(event.target.value)}>
        <option>small</option><option>large</option>
      </select></label>
      <label><input type="checkbox" checked={gift} onChange={(event) => setGift(event.target.checked)} /> Gift</label>
      {gift && <label>Greeting <input /></label>}
      <button>Order</button>
      <output>{sent ? `Ordered ${sent}` : ""}</output>
    </form>
  );
}

const About = () => (
  <Tabs.Root defaultValue="who">
    <h1>About</h1>
    <Tabs.List aria-label="About herbs"><Tabs.Trigger value="who">Who</Tabs.Trigger><Tabs.Trigger value="where">Where</Tabs.Trigger></Tabs.List>
    <Tabs.Content value="who"><p>A gardener.</p></Tabs.Content>
    <Tabs.Content value="where"><p>In a garden.</p></Tabs.Content>
  </Tabs.Root>
);

createRoot(document.getElementById("root")).render(<App />);
