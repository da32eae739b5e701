"""Home, as a session runs this file; and the server, as ``streamlit run`` imports it."""

import streamlit as st

from pages._ui import errors, serving

if __name__ == "__main__":
    from pages._ui import home  # Here: it loads the libraries, and the server must answer at once.

    home.draw()
else:
    app = st.App(__file__, middleware=serving.MIDDLEWARE, on_script_error=errors.show_outside_of_pages)
