// The page of the API: Swagger UI on our own OpenAPI document, in place of the plain list of operations.
const { url, styles } = JSON.parse(document.getElementById("configuration").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");

// In a tree of its own: its class names are as plain as the site's, and neither's rules mean the other's.
const tree = document.getElementById("swagger").attachShadow({ mode: "open" });
for (const href of styles) {
  tree.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
}
// Swagger UI knows dark colours by a class of an element with this name alone.
const page = document.createElement("html");
const place = document.createElement("div");
page.append(place);
tree.append(page);

function follow() {
  page.classList.toggle("dark-mode", dark.matches);
}

// The title and the server are told by the page itself.
const withoutHeader = () => ({
  wrapComponents: { InfoContainer: () => () => null, ServersContainer: () => () => null },
});

window.SwaggerUIBundle({
  url,
  domNode: place,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  plugins: [withoutHeader],
  queryConfigEnabled: false,
  // Else it would ask a validator on another host.
  validatorUrl: null,
  onComplete() {
    document.getElementById("operations").hidden = true;
  },
});
dark.addEventListener("change", follow);
follow();
