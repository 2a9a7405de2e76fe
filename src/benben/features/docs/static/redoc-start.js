// ReDoc on the document that the page names.
const place = document.getElementById("reader");
Redoc.init(place.dataset.document, { hideDownloadButtons: false, nativeScrollbars: true, sortRequiredPropsFirst: true }, place);
