.PHONY: test
test:
	@echo todo
