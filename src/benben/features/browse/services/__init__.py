"""What a page is made of: the methods of an address, inputs, controls, highlighted JSON, snippets."""
