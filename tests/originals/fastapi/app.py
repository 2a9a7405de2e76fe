"""Items, as FastAPI's own tutorial teaches them: ``python app.py PORT``."""

import sys
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import uvicorn
from fastapi import FastAPI, HTTPException, Path, Query
from pydantic import BaseModel, Field

app = FastAPI()
stored: dict[int, "Shown"] = {}


class Item(BaseModel):
    """What a client says of an item."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    price: Annotated[Decimal, Field(max_digits=12, decimal_places=2)]
    is_offer: bool | None = None


class Shown(Item):
    """An item as it is shown."""

    item_id: int
    changed_at: datetime
    q: str | None = None


@app.get("/items/{item_id}")
def show_item(item_id: Annotated[int, Path(ge=1)], q: Annotated[str | None, Query(max_length=50)] = None) -> Shown:
    """Show one item."""
    if item_id not in stored:
        raise HTTPException(status_code=404, detail="Item not found")
    return stored[item_id].model_copy(update={"q": q})


@app.put("/items/{item_id}")
def update_item(item_id: Annotated[int, Path(ge=1)], item: Item) -> Shown:
    """Put an item in its place, whatever was there."""
    stored[item_id] = Shown(**item.model_dump(), item_id=item_id, changed_at="2026-01-01T00:00:00Z")
    return stored[item_id]


@app.get("/items")
def list_items(least: Decimal | None = None) -> list[Shown]:
    """List every item."""
    return [item for item in stored.values() if least is None or item.price >= least]


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
