"""What dbt itself runs: data tests in generic/ and singular/, and the models' unit tests."""
