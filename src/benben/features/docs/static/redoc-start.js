// ReDoc on the document of this host.
Redoc.init("/openapi.json", { hideDownloadButtons: false, disableSearch: false, nativeScrollbars: true }, document.getElementById("reader"));
