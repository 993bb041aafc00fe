"""Everything that touches Streamlit and is not a page: texts, the address, the model cache, controls, exports."""
