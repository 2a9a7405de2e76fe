// Swagger UI on the document of this host; nothing is sent elsewhere.
window.ui = SwaggerUIBundle({ url: "/openapi.json", dom_id: "#reader", deepLinking: true, validatorUrl: null, filter: true, docExpansion: "list", persistAuthorization: false });
